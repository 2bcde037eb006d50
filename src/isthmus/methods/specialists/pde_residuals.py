"""PDE residuals of PDEBench's equations: what must vanish inside the domain, on its sides and at time 0.

Each equation has one function here, registered under the equation's name, which returns its `Problem`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from isthmus.pde import Equation, equations
from isthmus.pde.advection import Advection
from isthmus.pde.burgers import Burgers
from isthmus.pde.darcy import Darcy
from isthmus.pde.diffusion_sorption import DiffusionSorption
from isthmus.pde.equation import Array
from isthmus.pde.fitzhugh_nagumo import FitzHughNagumo
from isthmus.pde.generate import resolve_parameters
from isthmus.pde.navier_stokes import NavierStokes
from isthmus.pde.reaction_diffusion import ReactionDiffusion
from isthmus.pde.shallow_water import ShallowWater
from isthmus.registry import Registry

X, Y, T = 0, 1, -1
"""Axes of a derivative"""
MIN_CONCENTRATION = 1e-6
"""Lower bound of the concentration in the derivative of sorption, which grows without bound as u goes to 0"""


@dataclass(frozen=True, eq=False)
class Field:
    """Outputs of a network at some points, with their derivatives.

    Attributes:
        at: Coordinates [N, D]: those of space, then time if there is one.
        u: Variables [N, K], computed from `at`.
        slope: First derivatives of the variables, [N, K, D].
        given: The sample's own fields at these points, [N, G].
    """

    at: Tensor
    u: Tensor
    slope: Tensor
    given: Tensor

    @classmethod
    def of(cls, at: Tensor, u: Tensor, given: Tensor) -> "Field":
        """Return the field with its first derivatives, which can be differentiated further.

        Args:
            at: Coordinates [N, D] that require a gradient.
            u: Variables [N, K], computed from `at`.
            given: The sample's own fields at these points, [N, G].
        """
        slope = [torch.autograd.grad(column.sum(), at, create_graph=True)[0] for column in u.unbind(1)]
        return cls(at, u, torch.stack(slope, 1), given)

    def rows(self, rows: slice) -> "Field":
        """Return some of the points; second derivatives are not available there."""
        return Field(self.at[rows], self.u[rows], self.slope[rows], self.given[rows])

    def second(self, variable: int, axis: int) -> Tensor:
        """Return the second derivative of a variable along an axis: [N]."""
        total = self.slope[:, variable, axis].sum()
        return torch.autograd.grad(total, self.at, create_graph=True)[0][:, axis]


class Places(NamedTuple):
    """Positions of a sample's values, and the box around them.

    Attributes:
        points: Coordinates in space [P, d], in the order of a sample's values.
        low, high: Corners of the box of space, and of time if there is one, [D] each.
    """

    points: Array
    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class Problem:
    """An equation with its residual and conditions, and what a task predicts of it.

    Attributes:
        equation: Equation with its parameters.
        residual: Function that returns the terms that must vanish inside, each [N].
        sides: Function that returns the terms that must vanish on the boundary, from opposite points of the
            low and the high side of an axis.
        start: Function from given fields [n, G] to the first k variables at time 0 [n, k]; None for a steady
            state.
        variables: Number K of variables.
        target_variables: Indices of the variables that are the target, in which they are concatenated.
        fields: Number G of fields that are concatenated in a sample.
        stride: Distance of the task's points along an axis, in points of the equation.
        target_time: Index of the target's time among the equation's times.
        standardised: Whether the task's fields are standardised at each point; y then has mean and deviation
            in two further channels.
    """

    equation: Equation
    residual: Callable[[Field], list[Tensor]]
    sides: Callable[[Field, Field, int], list[Tensor]]
    start: Callable[[Tensor], Tensor] | None = lambda given: given
    variables: int = 1
    target_variables: tuple[int, ...] = (0,)
    fields: int = 1
    stride: int = 1
    target_time: int = -1
    standardised: bool = False

    def places(self, size: Sequence[int]) -> Places:
        """Return the positions of the values of one field.

        Args:
            size: Size of the field, the same along each axis.
        """
        axes = self.equation.axes(size[0] * self.stride)
        time = axes.pop("t")[[self.target_time]] if "t" in axes else np.empty(0)
        half_cells = [(x[1] - x[0]) / 2 for x in axes.values()]
        low = [x[0] - half for x, half in zip(axes.values(), half_cells, strict=True)]
        high = [x[-1] + half for x, half in zip(axes.values(), half_cells, strict=True)]
        grid = np.meshgrid(*(x[:: self.stride] for x in axes.values()), indexing="ij")
        points = np.stack([x.ravel() for x in grid], axis=1)
        return Places(points, np.append(low, 0 * time), np.append(high, time))


problems: Registry[Callable[[Any], Problem]] = Registry("equation with a residual")
"""Functions from an equation to its problem"""


def problem_of(name: str, parameters: Mapping[str, Any]) -> Problem:
    """Return the problem of an equation; parameters default to the published values.

    Args:
        name: Name of an equation in `problems`.
        parameters: Parameters of the equation that differ from the published ones.

    Raises:
        InputError: If the equation has no such parameter, or a value does not fit.
    """
    return problems[name](equations[name](**resolve_parameters(name, parameters)))


def periodic(low: Field, high: Field, axis: int) -> list[Tensor]:
    """Return the differences of values and derivatives between two sides that are periodic."""
    return [low.u - high.u, low.slope[..., axis] - high.slope[..., axis]]


def zero_normal_derivative(low: Field, high: Field, axis: int) -> list[Tensor]:
    """Return the derivatives across the sides, which are 0 at walls and open ends."""
    return [low.slope[..., axis], high.slope[..., axis]]


@problems.register("advection1d")
def advection(equation: Advection) -> Problem:
    """Return the problem of u_t + b u_x = 0."""
    return Problem(
        equation, lambda f: [f.slope[:, 0, T] + equation.beta * f.slope[:, 0, X]], periodic, stride=4
    )


@problems.register("burgers1d")
def burgers(equation: Burgers) -> Problem:
    """Return the problem of u_t + u u_x = (nu / pi) u_xx."""

    def residual(f: Field) -> list[Tensor]:
        return [f.slope[:, 0, T] + f.u[:, 0] * f.slope[:, 0, X] - equation.viscosity * f.second(0, X)]

    return Problem(equation, residual, periodic)


@problems.register("reaction-diffusion1d")
def reaction_diffusion(equation: ReactionDiffusion) -> Problem:
    """Return the problem of u_t = nu u_xx + rho u (1 - u)."""

    def residual(f: Field) -> list[Tensor]:
        u = f.u[:, 0]
        return [f.slope[:, 0, T] - equation.nu * f.second(0, X) - equation.rho * u * (1 - u)]

    return Problem(equation, residual, periodic, target_time=29)


@problems.register("diffusion-sorption1d")
def diffusion_sorption(equation: DiffusionSorption) -> Problem:
    """Return the problem of R(u) u_t = D u_xx, with u = 1 on the left and u + D u_x = 0 on the right."""

    def residual(f: Field) -> list[Tensor]:
        u = f.u[:, 0].clamp(min=MIN_CONCENTRATION)
        sorption = equation.exponent * equation.sorption * u ** (equation.exponent - 1)
        return [(1 + sorption) * f.slope[:, 0, T] - equation.diffusion * f.second(0, X)]

    def sides(low: Field, high: Field, axis: int) -> list[Tensor]:
        return [low.u - 1, high.u + equation.diffusion * high.slope[..., axis]]

    return Problem(equation, residual, sides)


@problems.register("navier-stokes1d")
def navier_stokes(equation: NavierStokes) -> Problem:
    """Return the problem of density d, pressure p and velocity v.

    The equations of momentum and energy are rewritten for these variables by the product rule:
    d_t + (d v)_x = 0, d (v_t + v v_x) + p_x = (mu v_x)_x, p_t + v p_x + gamma p v_x = (gamma - 1) mu v_x^2
    """

    def residual(f: Field) -> list[Tensor]:
        d, p, v = f.u.unbind(1)
        (d_x, p_x, v_x), (d_t, p_t, v_t) = (slope.unbind(1) for slope in f.slope.unbind(2))
        mu, mu_x = (equation.viscosity * (w if equation.kinematic else w0) for w, w0 in ((d, 1), (d_x, 0)))
        return [
            d_t + d_x * v + d * v_x,
            d * (v_t + v * v_x) + p_x - mu * f.second(2, X) - mu_x * v_x,
            p_t + v * p_x + equation.gamma * p * v_x - (equation.gamma - 1) * mu * v_x**2,
        ]

    return Problem(
        equation,
        residual,
        periodic,
        variables=3,
        target_variables=(0, 1, 2),
        fields=3,
        standardised=True,
    )


@problems.register("darcy2d")
def darcy(equation: Darcy) -> Problem:
    """Return the problem of q = -a grad u, div q = beta, with u = 0 on the boundary.

    It is of first order, with the flux q among the variables, because a is not differentiable.
    """

    def residual(f: Field) -> list[Tensor]:
        conductivity, (_, q_x, q_y), slope = f.given[:, 0], f.u.unbind(1), f.slope
        return [
            slope[:, 1, X] + slope[:, 2, Y] - equation.beta,
            q_x + conductivity * slope[:, 0, X],
            q_y + conductivity * slope[:, 0, Y],
        ]

    def sides(low: Field, high: Field, axis: int) -> list[Tensor]:
        return [low.u[:, :1], high.u[:, :1]]

    return Problem(equation, residual, sides, start=None, variables=3, stride=2)


@problems.register("shallow-water2d")
def shallow_water(equation: ShallowWater) -> Problem:
    """Return the problem of h_t + (h u)_x + (h v)_y = 0, u_t + u u_x + v u_y + g h_x = 0, and likewise v.

    The water is at rest at time 0.
    """

    def residual(f: Field) -> list[Tensor]:
        h, u, v = f.u.unbind(1)
        (h_x, u_x, v_x), (h_y, u_y, v_y), (h_t, u_t, v_t) = (slope.unbind(1) for slope in f.slope.unbind(2))
        return [
            h_t + h_x * u + h * u_x + h_y * v + h * v_y,
            u_t + u * u_x + v * u_y + equation.gravity * h_x,
            v_t + u * v_x + v * v_y + equation.gravity * h_y,
        ]

    return Problem(
        equation, residual, zero_normal_derivative, start=lambda height: F.pad(height, (0, 2)), variables=3
    )


@problems.register("reaction-diffusion2d")
def fitzhugh_nagumo(equation: FitzHughNagumo) -> Problem:
    """Return the problem of u_t = D_u lap u + u - u^3 - k - v, v_t = D_v lap v + u - v.

    The task gives the initial state of u alone; that of v is white noise. Here v is free at time 0, so many
    solutions satisfy all conditions.
    """

    def residual(f: Field) -> list[Tensor]:
        (u, v), (u_t, v_t) = f.u.unbind(1), f.slope[..., T].unbind(1)
        lap_u, lap_v = (f.second(i, X) + f.second(i, Y) for i in (0, 1))
        return [
            u_t - equation.diffusion_u * lap_u - u + u**3 + equation.k + v,
            v_t - equation.diffusion_v * lap_v - u + v,
        ]

    return Problem(equation, residual, zero_normal_derivative, variables=2, target_variables=(1,))
