"""-div(a grad u) = f on the unit square, u = 0 on its boundary: conjugate gradients with a fast transform."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from isthmus.pde.equation import Array

Operator = Callable[[Array], Array]
"""Linear, on each sample of [N, n, n]"""

TOLERANCE = 1e-9
"""Of the residual, as a part of f's, measured as the preconditioner sees it"""


@dataclass(frozen=True, eq=False)
class Faces:
    """Conductances of the faces between points, the boundary's included.

    Attributes:
        x: [N, n + 1, n]
        y: [N, n, n + 1]
    """

    x: Array
    y: Array

    def apply(self, u: Array) -> Array:
        """What flows out of each point: [N, n, n], from values u that are 0 beyond the boundary."""
        x, y = self.x[:, 1:-1], self.y[:, :, 1:-1]
        flow = self.total * u
        flow[:, 1:] -= x * u[:, :-1]
        flow[:, :-1] -= x * u[:, 1:]
        flow[:, :, 1:] -= y * u[:, :, :-1]
        flow[:, :, :-1] -= y * u[:, :, 1:]
        return flow

    @cached_property
    def total(self) -> Array:
        """Of the four faces of each point."""
        total: Array = self.x[:, 1:] + self.x[:, :-1] + self.y[:, :, 1:] + self.y[:, :, :-1]
        return total


def harmonic(one: Array, other: Array) -> Array:
    """The conductance of half a length of each, one after the other."""
    return 2 * one * other / (one + other)


def conjugate_gradients(apply: Operator, inverse: Operator, f: Array) -> Array:
    """u with apply(u) = f, for a batch of symmetric positive operators: [N, n, n].

    Each sample stops when it has converged, whatever its neighbours need.

    Args:
        apply: the operators.
        inverse: of a near operator, the preconditioner.
        f: [N, n, n]
    """
    u, residual = np.zeros_like(f), f
    better = inverse(residual)
    direction = better
    power = first = _inner(residual, better)
    while (open_ := power > TOLERANCE**2 * first).any():
        flow = apply(direction)
        length = np.where(open_, power / _inner(direction, flow), 0.0)
        u = u + length * direction
        residual = residual - length * flow
        better = inverse(residual)
        last, power = power, np.where(open_, _inner(residual, better), power)
        direction = better + power / last * direction
    return u


def _inner(one: Array, other: Array) -> Array:
    """Inner product of each sample: [N, 1, 1]."""
    return (one * other).sum((1, 2), keepdims=True)


def poisson_inverse(points: int, kind: int) -> Operator:
    """The inverse of `Faces.apply` with conductance 1, by fast sine transforms of [N, points, points].

    In float32, which is good enough for a preconditioner and takes half the time.

    Args:
        points: along an axis.
        kind: of the sine transform: 1 if the boundary lies a whole step beyond the last point, 2 if half a
            step (its faces then conduct twice as well).
    """
    waves = np.arange(1, points + 1) / (points + 1 if kind == 1 else points)
    along = 4 * np.sin(np.pi / 2 * waves) ** 2
    eigenvalues = (along[:, None] + along).astype(np.float32)

    def inverse(f: Array) -> Array:
        modes = fft.dstn(f.astype(np.float32), type=kind, axes=(1, 2), norm="ortho")
        u: Array = fft.idstn(modes / eigenvalues, type=kind, axes=(1, 2), norm="ortho").astype(np.float64)
        return u

    return inverse
