"""A grid says what it is, and what is wrong with it in one line."""

import pytest
import yaml

from isthmus.bench.grid import make_grid, read_grid
from isthmus.bench.jobs import jobs

WHOLE = """
tasks: [ArrowHead, {name: digits100, settings: {embedder: picture}}]
methods: [scratch, nft, {name: pare, label: "pare, constant", curriculum: constant}, {name: nft, label: slow}]
backbones: [swin-micro, org/other-name]
seeds: 2
settings: {epochs: 15}
"""
AXES = {"tasks": ["a"], "methods": ["m"], "backbones": ["b"], "seeds": 1}


def test_names_and_points_are_the_same_thing(tmp_path):
    (tmp_path / "mine.yaml").write_text(WHOLE)
    grid = read_grid(tmp_path / "mine.yaml")
    assert [task.label for task in grid.tasks] == ["ArrowHead", "digits100"]
    assert [method.label for method in grid.methods] == ["scratch", "nft", "pare, constant", "slow"]
    assert [backbone.label for backbone in grid.backbones] == ["swin-micro", "other-name"]
    assert grid.methods[2].part == {"name": "pare", "curriculum": "constant"}
    assert grid.tasks[1].settings == {"embedder": "picture"}
    assert grid.seeds == [0, 1]


def test_what_is_written_is_read(tmp_path):
    grid = make_grid(yaml.safe_load(WHOLE) | {"seeds": [3, 1], "reference": "slow"})
    grid.write(tmp_path / "grid.yaml")
    assert read_grid(tmp_path / "grid.yaml") == grid


@pytest.mark.parametrize(
    ("values", "kind", "key"),
    [
        ({"task": ["a"]}, "unknown", "task"),
        ({"tasks": []}, "value", "tasks"),
        ({"methods": []}, "value", "methods"),
        ({"tasks": "a"}, "value", "tasks"),
        ({"tasks": [3]}, "value", "tasks.0"),
        ({"tasks": [{"label": "a"}]}, "value", "tasks.0"),
        ({"tasks": [{"name": "a", "setings": {}}]}, "unknown", "setings"),
        ({"backbones": [{"name": "a", "lr": 1}]}, "unknown", "lr"),
        ({"methods": ["m", "m"]}, "value", "methods"),
        ({"backbones": ["x/b", "y/b"]}, "value", "backbones"),
        ({"seeds": 0}, "value", "seeds"),
        ({"seeds": [1, 1]}, "value", "seeds"),
        ({"seeds": [-1]}, "value", "seeds.0"),
        ({"seeds": "x"}, "value", "seeds"),
        ({"settings": {"seed": 3}}, "value", "settings"),
        ({"settings": {"devices": 2}}, "value", "settings"),
        ({"tasks": [{"name": "a", "settings": {"method": "m"}}]}, "value", "tasks.0.settings"),
        ({"reference": "n"}, "unknown", "n"),
    ],
)
def test_what_is_wrong(values, kind, key, refuses):
    with refuses(kind, key):
        make_grid(AXES | values)


def test_an_axis_that_is_missing(refuses):
    with refuses("missing", "tasks"):
        make_grid({key: value for key, value in AXES.items() if key != "tasks"})


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [("task: [a]", "unknown", "task"), ("- a", "file", None)],
)
def test_a_file_is_named(tmp_path, text, kind, key, refuses):
    (tmp_path / "mine.yaml").write_text(text)
    with refuses(kind, key or tmp_path / "mine.yaml"):
        read_grid(tmp_path / "mine.yaml")


def test_a_file_that_is_not_there(tmp_path, refuses):
    with refuses("file", tmp_path / "mine.yaml"):
        read_grid(tmp_path / "mine.yaml")


def test_every_combination_once_and_seeds_outermost():
    grid = make_grid(yaml.safe_load(WHOLE))
    found = [(job.seed, job.task, job.method, job.backbone) for job in jobs(grid)]
    assert len(found) == len(set(found)) == 2 * 4 * 2 * 2
    assert [seed for seed, *_ in found] == [0] * 16 + [1] * 16


def test_a_specialist_runs_once_whatever_backbones_there_are(grid_of):
    grid = grid_of(methods=("nft", "unet"), backbones=("swin-micro", "minilm"), seeds=1)
    found = [(job.method, job.backbone) for job in jobs(grid) if job.task == "a"]
    assert found == [("nft", "swin-micro"), ("unet", "none"), ("nft", "minilm")]


def test_settings_lie_over_one_another():
    def point(name: str) -> dict:
        return {"name": name, "settings": {key: name for key in layers[name]}}

    layers = {"task": "bcd", "backbone": "cd", "method": "d"}
    axes = {f"{axis}s": [point(axis)] for axis in layers}
    grid = make_grid({**axes, "seeds": 1, "settings": {key: "grid" for key in "abcd"}})
    words = jobs(grid)[0].settings
    assert [words[key] for key in "abcd"] == ["grid", "task", "backbone", "method"]


def test_folders_are_safe_and_tell_runs_apart(refuses):
    labels = ["PaRe, k/L = 0.5", "../up", "a b", "ÜB"]
    methods = [{"name": "m", "label": label} for label in labels]
    names = [job.name for job in jobs(make_grid(AXES | {"methods": methods, "tasks": ["x/y"]}))]
    assert names == ["x-y/PaRe-k-L-=-0.5-b-0", "x-y/up-b-0", "x-y/a-b-b-0", "x-y/ÜB-b-0"]
    for first, second in (("a b", "a-b"), ("m", "M")):
        methods = [{"name": "m", "label": label} for label in (first, second)]
        with refuses("conflict", f"a/{second}-b-0"):
            jobs(make_grid(AXES | {"methods": methods}))
