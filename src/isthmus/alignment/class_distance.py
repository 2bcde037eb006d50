"""What an inner distance of OTDD is, between classes as sets of samples, and the registry of them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus.alignment.distance import check_classes, check_features
from isthmus.registry import Registry


class Labelled(NamedTuple):
    """Samples and the classes they fall into.

    Attributes:
        x: [N, D], through which gradients flow.
        points: the same numbers without a graph, in float64 on the CPU, for the solvers.
        classes: [N], numbers from 0 to C - 1, those that occur.
        members: for each class, the positions of its samples.
    """

    x: Tensor
    points: NDArray[np.float64]
    classes: NDArray[np.intp]
    members: list[NDArray[np.intp]]


Between = Callable[[Labelled, NDArray[np.float64]], Tensor]
"""(target of T classes, cost of transport between samples [N, M]) -> W_2^2 of each class pair [S, T]"""

Inner = Callable[[Labelled], Between]
"""(source of S classes) -> how far its classes are from those of a target"""

inners: Registry[Inner] = Registry("inner distance", "isthmus.alignment")


def labelled(what: str, x: Tensor, y: Tensor) -> Labelled:
    """Samples [N, D] with classes [N], checked.

    Raises:
        InputError: if they are not that; `what` they are is said.
    """
    check_features(what, x)
    check_classes(what, x, y)
    names, classes = y.detach().cpu().unique(return_inverse=True)
    members = [(classes == c).nonzero().flatten().numpy() for c in range(len(names))]
    return Labelled(x, x.detach().to("cpu", torch.float64).numpy(), classes.numpy(), members)
