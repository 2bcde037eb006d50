"""What is wrong with a grid is said before its first run begins."""

import math

import pytest
import yaml

from isthmus.bench.check import check_contained, complete_grid
from isthmus.bench.grid import make_grid
from isthmus.tasks import Task

BASE = {"tasks": ["digits100"], "methods": ["nft"], "backbones": ["swin-micro"], "seeds": 2}


def grid_with(**values):
    return complete_grid(make_grid(BASE | values), {})


def test_every_default_is_filled_in():
    grid = grid_with(methods=[{"name": "pare", "start": 0.5}], settings={"lr": "1e-4", "embedder": "patch"})
    assert grid.methods[0].part["start"] == 0.5
    assert grid.methods[0].part["curriculum"] == "linear"
    assert grid.settings["lr"] == 1e-4  # YAML takes 1e-4 for text
    assert grid.settings["epochs"] == 20
    assert grid.settings["embedder"]["name"] == "patch"
    assert len(grid.settings["embedder"]) > 1
    assert grid.settings["schedule"] == {"name": "cosine", "end": 1.0}
    assert "seed" not in grid.settings
    assert complete_grid(grid, {}) == grid
    assert make_grid(yaml.safe_load(yaml.safe_dump(grid.model_dump(mode="json")))) == grid


def test_a_point_keeps_only_its_own_settings():
    tasks = [{"name": "digits100", "settings": {"embedder": "picture", "lr": "2e-4"}}]
    settings = grid_with(tasks=tasks).tasks[0].settings
    assert settings.keys() == {"embedder", "lr"}
    assert settings["embedder"]["reach"] == 3.0
    assert settings["lr"] == 2e-4


@pytest.mark.parametrize(
    ("values", "kind", "key"),
    [
        ({"tasks": ["digit100"]}, "unknown", "digit100"),
        ({"methods": ["ntf"]}, "unknown", "ntf"),
        (
            {"methods": [{"name": "pare", "curiculum": "linear"}]},
            "unknown",
            "curiculum",
        ),
        ({"methods": [{"name": "pare", "start": 2}]}, "value", "start"),
        ({"methods": [{"name": "nft", "settings": {"epoch": 1}}]}, "unknown", "epoch"),
        ({"settings": {"epoch": 1}}, "unknown", "epoch"),
        ({"settings": {"epochs": 0}}, "value", "epochs"),
        ({"settings": {"lr": math.nan}}, "value", "lr"),
        ({"settings": {"embedder": "pach"}}, "unknown", "pach"),
        ({"settings": {"augment": "wrap"}}, "unknown", "wrap"),
        ({"settings": {"schedule": {"name": "linear", "end": 0}}}, "value", "schedule.end"),
        (
            {"settings": {"schedule": {"name": "linear", "ende": 2}}},
            "unknown",
            "ende",
        ),
        ({"settings": {"source": {"image": "procedual"}}}, "unknown", "procedual"),
        ({"settings": {"source": "procedual"}}, "unknown", "procedual"),
        ({"tasks": [{"name": "digits100", "settings": {"embedder": "pach"}}]}, "unknown", "pach"),
        ({"backbones": ["./none"]}, "file", "./none"),
    ],
)
def test_what_is_wrong(values, kind, key, refuses):
    with refuses(kind, key):
        grid_with(**values)


def test_given_tasks_are_known_by_their_data(tiny_task, refuses):
    grid = make_grid(BASE | {"tasks": ["mine"]})
    one, other = (complete_grid(grid, {"mine": tiny_task("mine", n)}) for n in (24, 25))
    assert one.tasks[0].settings["fingerprint"] != other.tasks[0].settings["fingerprint"]
    blind = tiny_task("mine")
    blind = Task.from_arrays(blind.train.x, blind.train.y, name="mine")
    with refuses("missing", "mine"):
        complete_grid(grid, {"mine": blind})


@pytest.fixture
def folder(tmp_path):
    grid_with().write(tmp_path / "grid.yaml")
    return tmp_path


def test_the_same_or_a_larger_grid_goes_on(folder):
    check_contained(folder, grid_with())
    check_contained(folder, grid_with(seeds=3, methods=["scratch", "nft"], tasks=["GunPoint", "digits100"]))
    check_contained(folder, grid_with(reference="nft"))
    check_contained(folder / "new", grid_with(seeds=1))


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"seeds": 1}, None),
        ({"methods": ["scratch"]}, None),
        ({"settings": {"epochs": 3}}, "epochs"),
        ({"settings": {"embedder": "picture"}}, "embedder.name"),
        ({"methods": [{"name": "nft", "settings": {"lr": 1}}]}, "lr"),
        ({"methods": [{"name": "pare", "label": "nft"}]}, "method.name"),
    ],
)
def test_another_grid_does_not(folder, values, key, refuses):
    with refuses("conflict", key or folder):
        check_contained(folder, grid_with(**values))


def test_an_option_newer_than_the_folder_is_no_difference(folder):
    stored = yaml.safe_load((folder / "grid.yaml").read_text())
    for newer in ("dropout", "schedule", "betas"):
        del stored["settings"][newer]
    (folder / "grid.yaml").write_text(yaml.safe_dump(stored))
    check_contained(folder, grid_with())


def test_a_folder_of_something_else(tmp_path, refuses):
    (tmp_path / ".lock").touch()
    check_contained(tmp_path, grid_with())  # cut off before its grid was written
    (tmp_path / "thesis.tex").touch()
    with refuses("conflict", tmp_path):
        check_contained(tmp_path, grid_with())
