"""The inner distance between classes as they are: exact transport between the samples of each pair."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus.alignment.class_distance import ClassDistance, Labelled, inner_distances
from isthmus.alignment.transport import Plan, squared_moves, transport


@inner_distances.register("exact")
def exact(source: Labelled) -> ClassDistance:
    """Compute W_2^2 between the empirical distributions of the classes."""

    def distance(target: Labelled, cost: NDArray[np.float64]) -> Tensor:
        plans = [within(cost, rows, columns) for rows in source.members for columns in target.members]
        pair = torch.arange(len(plans)).repeat_interleave(torch.tensor([len(plan.mass) for plan in plans]))
        together = Plan(*(np.concatenate(parts) for parts in zip(*plans, strict=True)))
        moves = squared_moves(together, source.x, target.x)
        table = moves.new_zeros(len(plans)).index_add(0, pair.to(moves.device), moves)
        return table.view(len(source.members), len(target.members))

    return distance


def within(cost: NDArray[np.float64], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Plan:
    """Find the plan between some rows and some columns of a cost [N, M], numbered as in the cost."""
    plan = transport(cost[np.ix_(rows, columns)])
    return Plan(rows[plan.rows], columns[plan.columns], plan.mass)
