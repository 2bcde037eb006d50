"""Distances between data sets, and their registry."""

from collections.abc import Callable

from torch import Tensor

from isthmus.errors import InputError
from isthmus.registry import Registry

Distance = Callable[[Tensor, Tensor], Tensor]
"""(target features [M, D], target classes [M]) -> scalar, differentiable in the target features"""

Measure = Callable[[Tensor, Tensor], Distance]
"""(source features [N, D], source classes [N]) -> distance to that source, which is a constant

Whatever depends on the source alone is computed once, by the measure and not by the distance."""

distances: Registry[Measure] = Registry("distance", "isthmus.alignment")


def check_features(what: str, x: Tensor) -> None:
    """Raise InputError unless x is a set of samples [N, D] of finite numbers."""
    if x.dim() != 2 or 0 in x.shape or not x.is_floating_point():
        raise InputError(
            f"{what} features are {x.dtype} {list(x.shape)}; expected floats [N, D] with N and D at least 1",
            key=what,
        )
    if not x.isfinite().all():
        raise InputError(f"{what} features have entries that are not finite; expected numbers", key=what)


def check_classes(what: str, x: Tensor, y: Tensor) -> None:
    """Raise InputError unless y has one integer for each sample of x [N, D]."""
    if y.shape != x.shape[:1] or y.is_floating_point() or y.is_complex():
        raise InputError(
            f"{what} classes are {y.dtype} {list(y.shape)}; expected an integer for each of {len(x)} samples",
            key=what,
        )


def check_widths(x_s: Tensor, x_t: Tensor) -> None:
    """Raise InputError if features [N, D] and [M, D'] differ in width."""
    if x_s.shape[1] != x_t.shape[1]:
        raise InputError(
            f"source features {list(x_s.shape)} and target features {list(x_t.shape)} differ in width",
            kind="conflict",
        )
