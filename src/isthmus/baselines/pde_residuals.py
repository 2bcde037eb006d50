"""The equations of PDEBench as a network meets them: what must vanish inside, on the sides and at the start.

An equation is one function here, under the equation's own name, that makes a `Problem` of it.
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
"""axes of a derivative"""
LEAST = 1e-6
"""concentration: the slope of sorption grows without bound below"""


@dataclass(frozen=True, eq=False)
class Field:
    """What a network says at some points, with its derivatives.

    Attributes:
        at: [N, D] coordinates: those of space, then time if there is one.
        u: [N, K] variables, made from `at`.
        slope: [N, K, D] their first derivatives.
        given: [N, G] the sample's own fields at these places.
    """

    at: Tensor
    u: Tensor
    slope: Tensor
    given: Tensor

    @classmethod
    def of(cls, at: Tensor, u: Tensor, given: Tensor) -> "Field":
        """With the derivatives, which can be descended further."""
        slope = [torch.autograd.grad(column.sum(), at, create_graph=True)[0] for column in u.unbind(1)]
        return cls(at, u, torch.stack(slope, 1), given)

    def rows(self, rows: slice) -> "Field":
        """Some of the points, without second derivatives."""
        return Field(self.at[rows], self.u[rows], self.slope[rows], self.given[rows])

    def second(self, variable: int, axis: int) -> Tensor:
        """The second derivative of a variable along an axis: [N]."""
        total = self.slope[:, variable, axis].sum()
        return torch.autograd.grad(total, self.at, create_graph=True)[0][:, axis]


class Places(NamedTuple):
    """Where a task's points lie.

    Attributes:
        points: [P, d] in space, in the order of a sample's positions.
        low, high: [D] corners of the box of space, and time if there is one.
    """

    points: Array
    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class Problem:
    """An equation, and what a task asks of it.

    Attributes:
        equation: with its parameters.
        residual: what must vanish, each [N].
        sides: what must vanish at points of the low and the high side of an axis, which lie opposite.
        start: given fields [n, G] -> the first k variables at time 0 [n, k]; None for a steady state.
        variables: K.
        asked: which of them are the target, laid end to end.
        fields: G, laid end to end in a sample.
        every: of how many points of the equation's along an axis the task has one.
        moment: index of the target's among the equation's times.
    """

    equation: Equation
    residual: Callable[[Field], list[Tensor]]
    sides: Callable[[Field, Field, int], list[Tensor]]
    start: Callable[[Tensor], Tensor] | None = lambda given: given
    variables: int = 1
    asked: tuple[int, ...] = (0,)
    fields: int = 1
    every: int = 1
    moment: int = -1

    def places(self, size: Sequence[int]) -> Places:
        """Of the points of one field of that size, the same along each axis."""
        axes = self.equation.axes(size[0] * self.every)
        time = axes.pop("t")[[self.moment]] if "t" in axes else np.empty(0)
        halves = [(x[1] - x[0]) / 2 for x in axes.values()]
        low = [x[0] - half for x, half in zip(axes.values(), halves, strict=True)]
        high = [x[-1] + half for x, half in zip(axes.values(), halves, strict=True)]
        grid = np.meshgrid(*(x[:: self.every] for x in axes.values()), indexing="ij")
        points = np.stack([x.ravel() for x in grid], axis=1)
        return Places(points, np.append(low, 0 * time), np.append(high, time))


problems: Registry[Callable[[Any], Problem]] = Registry("equation with a residual")
"""equation -> Problem"""


def problem_of(name: str, parameters: Mapping[str, Any]) -> Problem:
    """That of an equation, with the published parameters where no others are given.

    Raises:
        InputError: for a parameter that the equation does not have, or one that does not fit.
    """
    return problems[name](equations[name](**resolve_parameters(name, parameters)))


def periodic(low: Field, high: Field, axis: int) -> list[Tensor]:
    """Values and slopes go on from the one side to the other."""
    return [low.u - high.u, low.slope[..., axis] - high.slope[..., axis]]


def level(low: Field, high: Field, axis: int) -> list[Tensor]:
    """No slope across the sides: walls, or open ends."""
    return [low.slope[..., axis], high.slope[..., axis]]


@problems.register("advection1d")
def advection(equation: Advection) -> Problem:
    """u_t + b u_x = 0"""
    return Problem(
        equation, lambda f: [f.slope[:, 0, T] + equation.beta * f.slope[:, 0, X]], periodic, every=4
    )


@problems.register("burgers1d")
def burgers(equation: Burgers) -> Problem:
    """u_t + u u_x = (nu / pi) u_xx"""

    def residual(f: Field) -> list[Tensor]:
        return [f.slope[:, 0, T] + f.u[:, 0] * f.slope[:, 0, X] - equation.viscosity * f.second(0, X)]

    return Problem(equation, residual, periodic)


@problems.register("reaction-diffusion1d")
def reaction_diffusion(equation: ReactionDiffusion) -> Problem:
    """u_t = nu u_xx + rho u (1 - u)"""

    def residual(f: Field) -> list[Tensor]:
        u = f.u[:, 0]
        return [f.slope[:, 0, T] - equation.nu * f.second(0, X) - equation.rho * u * (1 - u)]

    return Problem(equation, residual, periodic, moment=29)


@problems.register("diffusion-sorption1d")
def diffusion_sorption(equation: DiffusionSorption) -> Problem:
    """R(u) u_t = D u_xx; u = 1 on the left, u + D u_x = 0 on the right."""

    def residual(f: Field) -> list[Tensor]:
        held = equation.exponent * equation.held * f.u[:, 0].clamp(min=LEAST) ** (equation.exponent - 1)
        return [(1 + held) * f.slope[:, 0, T] - equation.diffusion * f.second(0, X)]

    def sides(low: Field, high: Field, axis: int) -> list[Tensor]:
        return [low.u - 1, high.u + equation.diffusion * high.slope[..., axis]]

    return Problem(equation, residual, sides)


@problems.register("navier-stokes1d")
def navier_stokes(equation: NavierStokes) -> Problem:
    """Density d, pressure p, velocity v, for the equation's momentum and energy by the product rule.

    d_t + (d v)_x = 0, d (v_t + v v_x) + p_x = mu v_xx, p_t + v p_x + gamma p v_x = (gamma - 1) mu v_x^2
    """

    def residual(f: Field) -> list[Tensor]:
        d, p, v = f.u.unbind(1)
        (d_x, p_x, v_x), (d_t, p_t, v_t) = (slope.unbind(1) for slope in f.slope.unbind(2))
        return [
            d_t + d_x * v + d * v_x,
            d * (v_t + v * v_x) + p_x - equation.viscosity * f.second(2, X),
            p_t + v * p_x + equation.gamma * p * v_x - (equation.gamma - 1) * equation.viscosity * v_x**2,
        ]

    return Problem(equation, residual, periodic, variables=3, asked=(0, 1, 2), fields=3)


@problems.register("darcy2d")
def darcy(equation: Darcy) -> Problem:
    """q = -a grad u, div q = beta; u = 0 around. Of first order with the flux q, as a has no derivative."""

    def residual(f: Field) -> list[Tensor]:
        ground, (_, q_x, q_y), slope = f.given[:, 0], f.u.unbind(1), f.slope
        return [
            slope[:, 1, X] + slope[:, 2, Y] - equation.beta,
            q_x + ground * slope[:, 0, X],
            q_y + ground * slope[:, 0, Y],
        ]

    def sides(low: Field, high: Field, axis: int) -> list[Tensor]:
        return [low.u[:, :1], high.u[:, :1]]

    return Problem(equation, residual, sides, start=None, variables=3, every=2)


@problems.register("shallow-water2d")
def shallow_water(equation: ShallowWater) -> Problem:
    """h_t + (h u)_x + (h v)_y = 0, u_t + u u_x + v u_y + g h_x = 0, and likewise v; at rest at the start."""

    def residual(f: Field) -> list[Tensor]:
        h, u, v = f.u.unbind(1)
        (h_x, u_x, v_x), (h_y, u_y, v_y), (h_t, u_t, v_t) = (slope.unbind(1) for slope in f.slope.unbind(2))
        return [
            h_t + h_x * u + h * u_x + h_y * v + h * v_y,
            u_t + u * u_x + v * u_y + equation.gravity * h_x,
            v_t + u * v_x + v * v_y + equation.gravity * h_y,
        ]

    return Problem(equation, residual, level, start=lambda height: F.pad(height, (0, 2)), variables=3)


@problems.register("reaction-diffusion2d")
def fitzhugh_nagumo(equation: FitzHughNagumo) -> Problem:
    """u_t = D_u lap u + u - u^3 - k - v, v_t = D_v lap v + u - v.

    The task gives the start of u alone, and that of v is white noise: v is free there, so that many solutions
    satisfy all that is known.
    """

    def residual(f: Field) -> list[Tensor]:
        (u, v), (u_t, v_t) = f.u.unbind(1), f.slope[..., T].unbind(1)
        lap_u, lap_v = (f.second(i, X) + f.second(i, Y) for i in (0, 1))
        return [
            u_t - equation.diffusion_u * lap_u - u + u**3 + equation.k + v,
            v_t - equation.diffusion_v * lap_v - u + v,
        ]

    return Problem(equation, residual, level, variables=2, asked=(1,))
