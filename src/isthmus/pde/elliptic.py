"""-div(a grad u) = f on the unit square, u = 0 on its boundary: conjugate gradients with a fast transform."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from isthmus.pde.equation import Array

Operator = Callable[[Array], Array]
"""Linear operator on each sample of [N, n, n]"""

TOLERANCE = 1e-9
"""Size of the residual relative to f, in the norm of the preconditioner, at which a sample has converged"""


@dataclass(frozen=True, eq=False)
class FaceConductances:
    """Conductances of the faces between points, those on the boundary included.

    Attributes:
        x: Conductances of the faces across x, [N, n + 1, n].
        y: Conductances of the faces across y, [N, n, n + 1].
    """

    x: Array
    y: Array

    def apply(self, u: Array) -> Array:
        """Return the net flow out of each point [N, n, n] for values u, which are 0 beyond the boundary."""
        x, y = self.x[:, 1:-1], self.y[:, :, 1:-1]
        flow = self.diagonal * u
        flow[:, 1:] -= x * u[:, :-1]
        flow[:, :-1] -= x * u[:, 1:]
        flow[:, :, 1:] -= y * u[:, :, :-1]
        flow[:, :, :-1] -= y * u[:, :, 1:]
        return flow

    @cached_property
    def diagonal(self) -> Array:
        """Sum of the conductances of each point's four faces: [N, n, n]."""
        total: Array = self.x[:, 1:] + self.x[:, :-1] + self.y[:, :, 1:] + self.y[:, :, :-1]
        return total


def harmonic_mean(first: Array, second: Array) -> Array:
    """Return the conductance of half a length of each material in series."""
    return 2 * first * second / (first + second)


def arithmetic_mean(first: Array, second: Array) -> Array:
    """Return the conductance of half a width of each material side by side."""
    return 0.5 * (first + second)


def conjugate_gradients(operator: Operator, preconditioner: Operator, f: Array) -> Array:
    """Solve operator(u) = f for a batch of symmetric positive definite operators.

    Each sample stops when it has converged, whatever the rest of the batch needs.

    Args:
        operator: Operators to invert.
        preconditioner: Inverse of an operator close to them.
        f: Right-hand side [N, n, n].

    Returns:
        Solution u [N, n, n].
    """
    u, residual = np.zeros_like(f), f
    preconditioned = preconditioner(residual)
    direction = preconditioned
    norm = initial_norm = _inner_product(residual, preconditioned)
    while (running := norm > TOLERANCE**2 * initial_norm).any():
        image = operator(direction)
        length = np.where(running, norm / _inner_product(direction, image), 0.0)
        u = u + length * direction
        residual = residual - length * image
        preconditioned = preconditioner(residual)
        last, norm = norm, np.where(running, _inner_product(residual, preconditioned), norm)
        direction = preconditioned + norm / last * direction
    return u


def _inner_product(first: Array, second: Array) -> Array:
    """Return the inner product of each sample: [N, 1, 1]."""
    product: Array = (first * second).sum((1, 2), keepdims=True)
    return product


def poisson_inverse(points: int, dst_type: int) -> Operator:
    """Return the inverse of `FaceConductances.apply` with conductance 1, by fast sine transforms.

    It takes and returns [N, points, points], and computes in float32, which is precise enough for a
    preconditioner and takes half the time.

    Args:
        points: Number of points along an axis.
        dst_type: Type of the discrete sine transform: 1 if the boundary lies a whole step beyond the last
            point, 2 if it lies half a step beyond (its faces then conduct twice as well).
    """
    waves = np.arange(1, points + 1) / (points + 1 if dst_type == 1 else points)
    along = 4 * np.sin(np.pi / 2 * waves) ** 2
    eigenvalues = (along[:, None] + along).astype(np.float32)

    def inverse(f: Array) -> Array:
        modes = fft.dstn(f.astype(np.float32), type=dst_type, axes=(1, 2), norm="ortho")
        u: Array = fft.idstn(modes / eigenvalues, type=dst_type, axes=(1, 2), norm="ortho").astype(np.float64)
        return u

    return inverse
