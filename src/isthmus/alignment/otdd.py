"""The optimal transport dataset distance (OTDD), ORCA's measure of alignment.

Alvarez-Melis and Fusi, "Geometric dataset distances via optimal transport", NeurIPS 2020, section 4.
"""

import numpy as np
import torch
from torch import Tensor

from isthmus.alignment.class_distance import inner_distances, labelled
from isthmus.alignment.distance import Distance, check_widths, distances
from isthmus.alignment.transport import squared_moves, transport


def otdd(x_s: Tensor, y_s: Tensor, x_t: Tensor, y_t: Tensor, inner: str = "exact") -> Tensor:
    """Compute the least cost of moving the samples of one labelled data set to those of another.

    Moving (x, y) to (x', y') costs ||x - x'||^2 + W_2^2(y, y'), where a class is the distribution of its
    samples and W_2^2 the squared 2-Wasserstein distance of two of them. The result is that cost, a
    squared distance: its root obeys the triangle inequality. Names of classes are not compared.

    Transport is exact on both levels, so the distance is symmetric, and zero from a data set to itself.
    The published code halves both terms, regularises by entropy (0.1), takes away each data set's cost to
    itself (debiasing), and takes W_2^2 for a number without a gradient: `otdd-published`. As the
    regularisation goes to zero its value goes to half of this one; its gradient is another.

    Args:
        x_s: Source samples [N, D].
        y_s: Source classes [N], integers.
        x_t: Target samples [M, D].
        y_t: Target classes [M], integers.
        inner: Inner distance, W_2^2 between the samples of the classes as they are (`exact`), or between
            Gaussians with their moments (`gaussian`).

    Returns:
        Scalar of the target's dtype, differentiable in both x.

    Raises:
        InputError: If shapes or types do not fit, or for an unknown inner distance.
    """
    return to_source(x_s, y_s, inner)(x_t, y_t)


@distances.register("otdd")
def with_exact(features: Tensor, classes: Tensor) -> Distance:
    """Return OTDD to a fixed source, classes compared as they are."""
    return to_source(features.detach(), classes, "exact")


@distances.register("otdd-gaussian")
def with_gaussian(features: Tensor, classes: Tensor) -> Distance:
    """Return OTDD to a fixed source, classes compared as Gaussians."""
    return to_source(features.detach(), classes, "gaussian")


def to_source(x_s: Tensor, y_s: Tensor, inner: str) -> Distance:
    """Return OTDD to a source, differentiable in the source for one backward pass."""
    source = labelled("source", x_s, y_s)
    class_distance = inner_distances[inner](source)

    def distance(x_t: Tensor, y_t: Tensor) -> Tensor:
        target = labelled("target", x_t, y_t)
        check_widths(x_s, x_t)
        cost = source.points @ (-2 * target.points.T)  # ||x||^2 and ||x'||^2 are paid under every plan
        table = class_distance(target, cost)
        from_class, to_class = source.classes, target.classes
        plan = transport(cost + table.detach().cpu().numpy()[np.ix_(from_class, to_class)])
        moved = np.zeros(table.shape)  # mass between classes
        np.add.at(moved, (from_class[plan.rows], to_class[plan.columns]), plan.mass)
        of_classes = (torch.from_numpy(moved).to(table) * table).sum()
        return (squared_moves(plan, source.x, target.x).sum() + of_classes).to(x_t)

    return distance
