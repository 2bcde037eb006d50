"""Equations as residuals: what is known to solve them, and the forms in which they are conserved."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from isthmus.methods.specialists.pde_residuals import Field, T, X, Y, problem_of, problems
from isthmus.pde import equations
from isthmus.pde.burgers import Burgers
from isthmus.pde.diffusion_sorption import DiffusionSorption
from isthmus.pde.fitzhugh_nagumo import FitzHughNagumo
from isthmus.pde.navier_stokes import NavierStokes
from isthmus.pde.reaction_diffusion import ReactionDiffusion
from isthmus.pde.shallow_water import ShallowWater

PI = math.pi
LINE, SQUARE = (2,), (2, 2)
SIZES = {name: SQUARE if name.endswith("2d") else LINE for name in problems}


def points(name: str, count: int = 50) -> Tensor:
    """Inside the equation's box, [count, D]."""
    _, low, high = problem_of(name, {}).places(SIZES[name])
    share = np.random.default_rng(0).random((count, len(low)))
    return torch.tensor(low + (high - low) * share).requires_grad_()


def on_sides(name: str, axis: int) -> Tensor:
    """Opposite points, those of the low side first."""
    _, low, high = problem_of(name, {}).places(SIZES[name])
    at = points(name).detach().repeat(2, 1)
    at[:50, axis], at[50:, axis] = float(low[axis]), float(high[axis])
    return at.requires_grad_()


def field(at: Tensor, *variables: Tensor, given: Tensor | None = None) -> Field:
    u = torch.stack(variables, 1)
    u = u + 0 * at.square().sum(1, keepdim=True)  # torch has no derivative of what does not depend on `at`
    return Field.of(at, u, torch.empty(len(at), 0) if given is None else given)


def slope(value: Tensor, at: Tensor, axis: int) -> Tensor:
    return torch.autograd.grad(value.sum(), at, create_graph=True)[0][:, axis]


def largest(parts: list[Tensor]) -> float:
    return max(part.abs().max().item() for part in parts)


def advection(at: Tensor) -> Tensor:
    return torch.sin(2 * PI * (at[:, X] - 0.4 * at[:, T]))


def burgers(at: Tensor) -> Tensor:
    """From one mode of the heat equation, by Cole and Hopf."""
    eps = Burgers().viscosity
    wave = torch.exp(-eps * (2 * PI) ** 2 * at[:, T])
    phi, phi_x = 2 + wave * torch.cos(2 * PI * at[:, X]), -2 * PI * wave * torch.sin(2 * PI * at[:, X])
    return -2 * eps * phi_x / phi


def fisher(at: Tensor) -> Tensor:
    """A front that travels (M. J. Ablowitz, A. Zeppetella, 1979); not periodic."""
    equation = ReactionDiffusion()
    pace = 5 * math.sqrt(equation.rho * equation.nu / 6)
    return (1 + torch.exp(math.sqrt(equation.rho / (6 * equation.nu)) * (at[:, X] - pace * at[:, T]))) ** -2


def seeping(at: Tensor) -> Tensor:
    """At rest: a straight line."""
    return 1 - at[:, X] / (1 + DiffusionSorption().diffusion)


SOLUTIONS = {
    "advection1d": advection,
    "burgers1d": burgers,
    "reaction-diffusion1d": fisher,
    "diffusion-sorption1d": seeping,
}


@pytest.mark.parametrize("name", SOLUTIONS)
def test_a_solution_has_no_residual(name: str) -> None:
    at = points(name)
    problem, u = problem_of(name, {}), SOLUTIONS[name](at)
    assert largest(problem.residual(field(at, u))) < 1e-9
    assert largest(problem.residual(field(at, u + 0.1 * at[:, X] * at[:, T]))) > 1e-6


@pytest.mark.parametrize("name", sorted(SOLUTIONS.keys() - {"reaction-diffusion1d"}))
def test_a_solution_satisfies_the_sides(name: str) -> None:
    at = on_sides(name, X)
    problem = problem_of(name, {})

    def sides(u: Tensor) -> float:
        both = field(at, u)
        return largest(problem.sides(both.rows(slice(50)), both.rows(slice(50, 100)), X))

    assert sides(SOLUTIONS[name](at)) < 1e-9
    assert sides(SOLUTIONS[name](at) + at[:, X]) > 0.1


def test_what_the_ground_takes_up_slows_the_change() -> None:
    equation, at = DiffusionSorption(), points("diffusion-sorption1d")
    u = 0.1 + 0.9 * at[:, T] / 500
    (residual,) = problem_of("diffusion-sorption1d", {}).residual(field(at, u))
    values, step = u.detach().numpy(), 1e-6
    retardation = (equation.content(values + step) - equation.content(values - step)) / (2 * step)
    np.testing.assert_allclose(residual.detach(), retardation * 0.9 / 500, rtol=1e-6)


def test_concentrations_below_zero_have_a_residual() -> None:
    at = points("diffusion-sorption1d")
    (residual,) = problem_of("diffusion-sorption1d", {}).residual(field(at, at[:, X] - 0.5))
    assert residual.isfinite().all()


@pytest.mark.parametrize("kinematic", [True, False])
def test_the_gas_conserves_mass_momentum_and_energy(kinematic: bool) -> None:
    equation, at = NavierStokes(), points("navier-stokes1d")
    x, t = at[:, X], at[:, T]
    d, p, v = 2 + torch.sin(x + t), 3 + torch.cos(x * t), torch.sin(2 * x - t)
    problem = problem_of("navier-stokes1d", {"kinematic": kinematic})
    mass, momentum, pressure = problem.residual(field(at, d, p, v))
    energy = p / (equation.gamma - 1) + d * v**2 / 2
    stress = equation.viscosity * slope(v, at, X) * (d if kinematic else 1)
    laid_out = (
        slope(d, at, T) + slope(d * v, at, X),
        slope(d * v, at, T) + slope(d * v**2 + p - stress, at, X),
        slope(energy, at, T) + slope((energy + p) * v - stress * v, at, X),
    )
    combined = (
        mass,
        momentum + v * mass,
        pressure / (equation.gamma - 1) + v * momentum + v**2 / 2 * mass,
    )
    for one, other in zip(laid_out, combined, strict=True):
        torch.testing.assert_close(one, other)


def test_the_water_conserves_mass_and_momentum() -> None:
    g, at = ShallowWater().gravity, points("shallow-water2d")
    x, y, t = at.unbind(1)
    h, u, v = 2 + torch.sin(x + y * t), torch.cos(x - t), torch.sin(y * x)
    mass, along, across = problem_of("shallow-water2d", {}).residual(field(at, h, u, v))
    push = g * h**2 / 2
    torch.testing.assert_close(slope(h, at, T) + slope(h * u, at, X) + slope(h * v, at, Y), mass)
    torch.testing.assert_close(
        slope(h * u, at, T) + slope(h * u**2 + push, at, X) + slope(h * u * v, at, Y), h * along + u * mass
    )
    torch.testing.assert_close(
        slope(h * v, at, T) + slope(h * u * v, at, X) + slope(h * v**2 + push, at, Y), h * across + v * mass
    )


def test_the_water_is_at_rest_at_the_start() -> None:
    start = problem_of("shallow-water2d", {}).start
    assert start is not None
    assert start(torch.tensor([[2.0], [1.0]])).tolist() == [[2, 0, 0], [1, 0, 0]]


def test_two_substances_by_hand() -> None:
    equation, at = FitzHughNagumo(), points("reaction-diffusion2d")
    x, y, t = at.unbind(1)
    wave, other = torch.cos(PI * x) * torch.cos(PI * y), torch.cos(2 * PI * x) * t
    u, v = wave + t, other
    by_hand = (
        1 + equation.diffusion_u * 2 * PI**2 * wave - u + u**3 + equation.k + v,
        torch.cos(2 * PI * x) + equation.diffusion_v * 4 * PI**2 * other - u + v,
    )
    for one, expected in zip(
        problem_of("reaction-diffusion2d", {}).residual(field(at, u, v)), by_hand, strict=True
    ):
        torch.testing.assert_close(one, expected)


@pytest.mark.parametrize("axis", [X, Y])
def test_walls(axis: int) -> None:
    at, problem = on_sides("reaction-diffusion2d", axis), problem_of("reaction-diffusion2d", {})
    wave = torch.cos(PI * at[:, X]) * torch.cos(PI * at[:, Y])
    both = field(at, wave, 2 * wave)
    assert largest(problem.sides(both.rows(slice(50)), both.rows(slice(50, 100)), axis)) < 1e-9
    both = field(at, wave, wave + at[:, axis])
    assert largest(problem.sides(both.rows(slice(50)), both.rows(slice(50, 100)), axis)) > 0.9


def test_water_through_two_layers_of_ground() -> None:
    at = points("darcy2d")
    x = at[:, X]
    ground = 1 - 0.9 * (x > 0.5).to(x)
    flux = 0.1 * (x - 0.2)
    pressure = -0.1 / ground * ((x - 0.2) ** 2 - 0.09) / 2  # the same from both layers where they meet
    problem, still = problem_of("darcy2d", {}), 0 * flux
    assert largest(problem.residual(field(at, pressure, flux, still, given=ground[:, None]))) < 1e-9
    assert largest(problem.residual(field(at, pressure, flux, still, given=1.1 * ground[:, None]))) > 1e-3
    edge = field(at, 0 * x, flux, flux)
    assert largest(problem.sides(edge, edge, X)) == 0


@pytest.mark.parametrize("name", problems)
def test_places_are_those_of_the_equation(name: str) -> None:
    problem = problem_of(name, {})
    assert isinstance(problem.equation, equations[name])
    cells = 8 // problem.stride
    places = problem.places([cells] * len(SIZES[name]))
    axes = problem.equation.axes(8)
    time = axes.pop("t", None)
    x = axes["x"][:: problem.stride]
    assert sorted(set(places.points[:, 0])) == pytest.approx(list(x))
    assert places.points.shape == (cells ** len(axes), len(axes))
    if len(axes) == 2:
        np.testing.assert_array_equal(places.points[:cells, 0], np.full(cells, x[0]))  # y runs fastest
    if time is None:
        assert problem.start is None
    else:
        ends = {"reaction-diffusion1d": 0.29}
        assert (places.low[-1], places.high[-1]) == (0, pytest.approx(ends.get(name, time[-1])))
    width = places.high[0] - places.low[0]
    assert width / 8 == pytest.approx(axes["x"][1] - axes["x"][0])
