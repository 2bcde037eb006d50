"""Inner distances of OTDD, between classes as sets of samples, and their registry."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus.alignment.distance import check_classes, check_features
from isthmus.registry import Registry


class Labelled(NamedTuple):
    """Samples and their classes.

    Attributes:
        x: Samples [N, D], through which gradients flow.
        points: The same numbers without a graph, in float64 on the CPU, for the solvers.
        classes: Classes [N], numbers from 0 to C - 1, each of which occurs.
        members: Positions of each class's samples.
    """

    x: Tensor
    points: NDArray[np.float64]
    classes: NDArray[np.intp]
    members: list[NDArray[np.intp]]


ClassDistance = Callable[[Labelled, NDArray[np.float64]], Tensor]
"""(target of T classes, cost of transport between samples [N, M]) -> W_2^2 of each pair of classes [S, T]"""

InnerDistance = Callable[[Labelled], ClassDistance]
"""(source of S classes) -> distance from its classes to those of a target"""

inner_distances: Registry[InnerDistance] = Registry("inner distance", "isthmus.alignment")


def labelled(what: str, x: Tensor, y: Tensor) -> Labelled:
    """Check samples [N, D] with classes [N], and sort them by class.

    Args:
        what: Name of the data set for messages.
        x: Samples [N, D].
        y: Classes [N].

    Raises:
        InputError: If shapes or types do not fit.
    """
    check_features(what, x)
    check_classes(what, x, y)
    names, classes = np.unique(y.detach().cpu().numpy(), return_inverse=True)
    members = [np.flatnonzero(classes == c) for c in range(len(names))]
    return Labelled(x, x.detach().to("cpu", torch.float64).numpy(), classes, members)
