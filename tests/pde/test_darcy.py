"""Darcy flow, cells and points alike: a manufactured solution, two layers, the ground that is drawn."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import make_interp_spline
from scipy.special import erf

from isthmus.pde import darcy, nasbench_darcy
from isthmus.pde.equation import Array, cell_centres, equations
from isthmus.seeding import numpy_generator

PI = np.pi
Grid = Callable[[int], Array]
Solver = Callable[[Array, Array], Array]


def points(count: int) -> np.ndarray:
    return np.linspace(0, 1, count)


def cells(count: int) -> np.ndarray:
    return cell_centres(0, 1, count)


GRIDS = pytest.mark.parametrize(
    ("solve", "grid"), [(darcy.solve, cells), (nasbench_darcy.solve, points)], ids=["cells", "points"]
)


def rngs(count: int) -> list[np.random.Generator]:
    return [numpy_generator(6, i) for i in range(count)]


@GRIDS
def test_a_manufactured_solution_to_second_order(solve: Solver, grid: Grid) -> None:
    """u = sin(pi x) sin(2 pi y) in the ground a = 2 + sin(3 x + y), the source worked out by hand."""
    errors = []
    for count in (17, 33, 65):
        x, y = np.meshgrid(grid(count), grid(count), indexing="ij")
        a, slope = 2 + np.sin(3 * x + y), np.cos(3 * x + y)
        u = np.sin(PI * x) * np.sin(2 * PI * y)
        u_x, u_y = PI * np.cos(PI * x) * np.sin(2 * PI * y), 2 * PI * np.sin(PI * x) * np.cos(2 * PI * y)
        source = 5 * PI**2 * a * u - slope * (3 * u_x + u_y)
        errors.append(np.abs(solve(a[None], source[None])[0] - u).max())
    assert errors[-1] < 5e-3
    assert all(3.4 < one / other < 4.6 for one, other in pairwise(errors))


@GRIDS
def test_two_kinds_of_ground_against_a_finer_grid(solve: Solver, grid: Grid) -> None:
    """A round island that conducts ten times as well: its steps leave first order, no more."""

    def pressure(finer: int) -> np.ndarray:
        """At the points of the coarsest grid."""
        count, first = (27 * finer, finer // 2) if grid is cells else (26 * finer + 1, 0)
        x, y = np.meshgrid(grid(count), grid(count), indexing="ij")
        ground = np.where(np.hypot(x - 0.4, y - 0.55) < 0.27, 1.0, 0.1)
        return solve(ground[None], np.ones((1, count, count)))[0, first::finer, first::finer]

    coarse, middle, fine = map(pressure, (1, 3, 9))
    errors = [np.abs(u - fine).mean() / fine.mean() for u in (coarse, middle)]
    assert errors[1] < 0.02
    assert errors[0] / errors[1] > 2


@pytest.mark.parametrize(("name", "low", "high"), [("darcy2d", 0.1, 1), ("nasbench360-darcy", 3, 12)])
def test_ground_of_two_kinds_in_equal_shares(name: str, low: float, high: float) -> None:
    (drawn,) = equations[name]().start(rngs(40), 33).values()
    assert np.unique(drawn).tolist() == [low, high]
    assert 0.4 < (drawn == high).mean() < 0.6
    assert len({sample.tobytes() for sample in drawn}) == 40


def test_the_published_scheme_against_a_dense_system() -> None:
    """Arithmetic means on faces; a cell beyond each wall conducts like its neighbour and holds u = 0."""
    a = np.random.default_rng(0).choice([0.1, 1.0], (1, 4, 4))
    matrix = np.zeros((16, 16))
    for i in range(4):
        for j in range(4):
            for k, m in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                inside = 0 <= k < 4 and 0 <= m < 4
                face = (a[0, i, j] + a[0, k, m]) / 2 if inside else a[0, i, j]
                matrix[4 * i + j, 4 * i + j] += 16 * face
                if inside:
                    matrix[4 * i + j, 4 * k + m] -= 16 * face
    u = darcy.solve(a, np.full_like(a, 0.1), darcy.SCHEMES["published"])
    np.testing.assert_allclose(u.ravel(), np.linalg.solve(matrix, np.full(16, 0.1)), rtol=1e-7)


def test_how_far_the_two_schemes_are_apart() -> None:
    ours, published = (darcy.Darcy(scheme=scheme).sample(rngs(8), 128)["tensor"] for scheme in darcy.SCHEMES)
    difference = np.sqrt(((ours - published) ** 2).mean((1, 2, 3)) / (published**2).mean((1, 2, 3))).mean()
    assert 0.01 < difference < 0.05


def test_the_threshold_is_the_expected_mean_of_the_bumps() -> None:
    """The mean over centre and point of exp(-(x - c)^2 / s) is known; s is uniform in [0, 0.5]."""

    def mean(s: float) -> float:
        return float(np.sqrt(PI * s) * erf(1 / np.sqrt(s)) - s * (1 - np.exp(-1 / s)))

    expected = 5 * quad(lambda share: mean(0.5 * share) ** 2, 0, 1)[0]
    np.testing.assert_allclose(darcy.THRESHOLD, expected, rtol=1e-5)


def test_an_unknown_scheme(refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "arithmetic"):
        darcy.Darcy(scheme="arithmetic")


def test_the_field_has_the_covariance_of_its_distribution() -> None:
    """The variance at a point is a sum over modes of (pi^2 |k|^2 + 9)^-2 and the squares of their cosines."""
    fields = np.stack([nasbench_darcy.gaussian_field(rng, 16) for rng in rngs(4000)])
    np.testing.assert_allclose(fields.mean((1, 2)), 0, atol=1e-12)
    k, x = np.arange(16), (np.arange(16) + 0.5) / 16
    cosines = np.where(k == 0, 1, np.sqrt(2)) * np.cos(PI * np.outer(x, k)) / 4
    weight = (PI**2 * (k[:, None] ** 2 + k**2) + 9.0) ** -2
    weight[0, 0] = 0
    expected = np.einsum("xk,kl,yl->xy", cosines**2, weight, cosines**2)
    np.testing.assert_allclose(fields.var(0), expected, rtol=0.12)


def spline(values: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Interpolate [n, n] along both axes by cubic splines, beyond the first and last point too."""
    along = make_interp_spline(old, np.eye(len(old)))(new)
    return np.asarray(along @ values @ along.T)


def of_the_data_set(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Conductivity between centres, and the pressure at them, as the code beside the data set has them.

    A spline brings the conductivity [n, n] from centres to points, whose arithmetic means are on the faces; a
    spline brings the pressure back.
    """
    n = len(a)
    between = spline(a, cells(n), points(n))
    matrix = np.zeros((n, n, n, n))
    for i in range(1, n - 1):
        for j in range(1, n - 1):
            for k, m in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                face = (between[i, j] + between[k, m]) / 2
                matrix[i, j, i, j] += face
                matrix[i, j, k, m] -= face
    inner = matrix[1:-1, 1:-1, 1:-1, 1:-1].reshape((n - 2) ** 2, -1) * (n - 1) ** 2
    u = np.linalg.solve(inner, np.ones(len(inner))).reshape(n - 2, n - 2)
    return between, spline(np.pad(u, 1), points(n), cells(n))


def test_how_far_the_code_beside_the_data_set_is_from_ours() -> None:
    """Its pressure is alike; the conductivity that it computes with overshoots, and falls below 0."""
    grounds = nasbench_darcy.NasbenchDarcy().sample(rngs(4), 33)
    found = [of_the_data_set(a) for a in grounds["coeff"]]
    assert min(between.min() for between, _ in found) < 0
    assert max(between.max() for between, _ in found) > 13
    norm = np.linalg.norm
    apart = [norm(u - v) / norm(v) for (_, u), v in zip(found, grounds["sol"], strict=True)]
    assert 0.04 < np.median(apart) < 0.09


def test_ground_that_conducts_nothing_is_refused(refuses: Callable[..., Any]) -> None:
    with refuses("value", "equation.low"):
        darcy.Darcy(low=0.0)
