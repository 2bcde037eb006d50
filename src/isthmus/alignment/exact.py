"""Classes as they are: exact transport between the samples of each pair."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus.alignment.class_distance import Between, Labelled, inners
from isthmus.alignment.transport import Plan, squared_moves, transport


@inners.register("exact")
def exact(source: Labelled) -> Between:
    """W_2^2 between the empirical distributions of the classes."""

    def between(target: Labelled, cost: NDArray[np.float64]) -> Tensor:
        plans = [within(cost, rows, columns) for rows in source.members for columns in target.members]
        pair = torch.arange(len(plans)).repeat_interleave(torch.tensor([len(plan.mass) for plan in plans]))
        together = Plan(*(np.concatenate(parts) for parts in zip(*plans, strict=True)))
        moves = squared_moves(together, source.x, target.x)
        table = moves.new_zeros(len(plans)).index_add(0, pair.to(moves.device), moves)
        return table.view(len(source.members), len(target.members))

    return between


def within(cost: NDArray[np.float64], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Plan:
    """The plan between some of the rows and some of the columns of a cost [N, M], by their numbers in it."""
    plan = transport(cost[np.ix_(rows, columns)])
    return Plan(rows[plan.rows], columns[plan.columns], plan.mass)
