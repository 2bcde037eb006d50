"""The published errors are complete, and as they were printed."""

from collections.abc import Callable
from typing import Any

import pytest

from isthmus.bench.grid import make_grid
from isthmus.bench.presets import preset
from isthmus.bench.published import published
from isthmus.methods import methods

SIZES = {"table1": (8, 10), "table2": (5, 8), "table4": (6, 10), "table5": (2, 10)}


def test_they_are_complete() -> None:
    assert {name: (len(t.rows), len(t.units)) for name, t in published().items()} == SIZES
    for table in published().values():
        for system, errors in table.rows.items():
            assert len(errors) == len(table.units), system
            assert all(error is None or 0 < error < 100 for error in errors), system
    gaps = [s for table in published().values() for s, errors in table.rows.items() if None in errors]
    assert gaps == ["U-Net"]


@pytest.mark.parametrize(
    ("name", "system", "task", "error"),
    [
        ("table1", "Hand-designed", "nasbench360/cifar100", 19.39),
        ("table1", "NAS-Bench-360", "nasbench360/spherical", 48.23),
        ("table1", "Perceiver IO", "nasbench360/cosmic", 0.485),
        ("table1", "NFT", "nasbench360/darcy", 7.34e-3),
        ("table1", "ORCA", "nasbench360/satellite", 11.59),
        ("table1", "PaRe", "nasbench360/deepsea", 0.28),
        ("table2", "PINN", "pdebench/advection1d", 0.67),
        ("table2", "FNO", "pdebench/burgers1d", 3.1e-3),
        ("table2", "U-Net", "pdebench/navier-stokes1d", None),
        ("table2", "U-Net", "pdebench/reaction-diffusion2d", 1.6),
        ("table2", "PaRe", "pdebench/shallow-water2d", 5.7e-3),
        ("table4", "Mixup", "nasbench360/cosmic", 0.5),
        ("table4", "CutMix", "nasbench360/ninapro", 8.41),
        ("table4", "PaRe, piecewise", "nasbench360/satellite", 10.89),
        ("table4", "PaRe, exponential", "nasbench360/fsd50k", 0.55),
        ("table5", "PaRe, random", "nasbench360/psicov", 0.99),
        ("table5", "PaRe, random", "nasbench360/ecg", 0.29),
    ],
)
def test_they_are_what_was_printed(name: str, system: str, task: str, error: float | None) -> None:
    assert published()[name].error(system, task) == error


def test_the_same_row_in_three_tables_is_the_same() -> None:
    one, four, five = (published()[name].rows for name in ("table1", "table4", "table5"))
    assert one["PaRe"] == four["PaRe, linear"] == five["PaRe, gate"]


@pytest.mark.parametrize("name", SIZES)
def test_presets_set_up_what_was_published(name: str) -> None:
    """By the labels and the tasks of the table, with methods that there are."""
    grid = make_grid({"backbones": ["swin-micro"], "seeds": 1, **preset(name)})
    table = published()[name]
    assert [task.name for task in grid.tasks] == list(table.units)
    searches = {"NAS-Bench-360, PC-DARTS", "NAS-Bench-360, DenseNAS"}  # the published row is the best of such
    assert {method.label for method in grid.methods} - searches <= set(table.rows)
    assert all(method.name in methods for method in grid.methods)


def test_an_unknown_preset(refuses: Callable[..., Any]) -> None:
    with refuses("unknown", "tabel4"):
        preset("tabel4")
