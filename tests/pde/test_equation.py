"""What every equation promises."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from isthmus.pde import equations
from isthmus.pde.equation import cell_centres, require_positive, time_points
from isthmus.seeding import numpy_generator

RESOLUTION = 32
PUBLISHED = {  # what one published sample is made of, at the published resolution
    "advection1d": {"tensor": (201, 1024)},
    "burgers1d": {"tensor": (201, 1024)},
    "reaction-diffusion1d": {"tensor": (101, 1024)},
    "diffusion-sorption1d": {"data": (101, 1024, 1)},
    "navier-stokes1d": {"density": (101, 1024), "pressure": (101, 1024), "Vx": (101, 1024)},
    "darcy2d": {"nu": (128, 128), "tensor": (1, 128, 128)},
    "shallow-water2d": {"data": (101, 128, 128, 1)},
    "reaction-diffusion2d": {"data": (101, 128, 128, 2)},
    "nasbench360-darcy": {"coeff": (421, 421), "sol": (421, 421)},
}


def rngs(*numbers: int) -> list[np.random.Generator]:
    return [numpy_generator(0, "equation", number) for number in numbers]


def test_the_equations_and_their_published_shapes() -> None:
    assert {name: equation().shapes(equation.resolution) for name, equation in equations.items()} == PUBLISHED


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_sample_depends_on_its_own_generator_alone(name: str) -> None:
    """To the last bit, whoever its neighbours are and however many."""
    equation = equations[name]()
    together, alone = equation.sample(rngs(0, 1, 2, 3, 4), RESOLUTION), equation.sample(rngs(3), RESOLUTION)
    reordered = equation.sample(rngs(9, 3, 8), RESOLUTION)
    assert together.keys() == equation.shapes(RESOLUTION).keys()
    for field, shape in equation.shapes(RESOLUTION).items():
        values = together[field]
        assert values.shape == (5, *shape)
        assert values.dtype == np.float64
        assert np.isfinite(values).all()
        np.testing.assert_array_equal(values[3], alone[field][0])
        np.testing.assert_array_equal(values[3], reordered[field][1])
        assert (
            len({sample.tobytes() for sample in values}) > 1
        )  # dams of nearly one radius fill the same cells


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_parameters_are_keywords_with_published_values(name: str) -> None:
    parameters = inspect.signature(equations[name]).parameters.values()
    assert all(p.kind is p.KEYWORD_ONLY and isinstance(p.default, p.annotation) for p in parameters)
    assert equations[name].about
    assert equations[name].reference


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("advection1d", {"beta": 0.4}),
        ("burgers1d", {"Nu": 1.0}),
        ("reaction-diffusion1d", {"Nu": 0.5, "rho": 1.0}),
        ("navier-stokes1d", {"eta": 0.1, "zeta": 0.1}),
        ("darcy2d", {"beta": 0.1}),
        ("shallow-water2d", {}),
    ],
)
def test_attributes_are_those_of_the_published_file(name: str, attributes: dict[str, float]) -> None:
    assert equations[name]().attributes == attributes


def test_coordinates() -> None:
    np.testing.assert_allclose(cell_centres(-1, 1, 4), [-0.75, -0.25, 0.25, 0.75])
    np.testing.assert_allclose(time_points(2, 4), [0, 0.5, 1, 1.5, 2])


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_what_must_be_positive(value: float, refuses: Callable[..., Any]) -> None:
    with refuses("value", "equation.k"):
        require_positive(nu=1.0, k=value)
