"""A run is compared with the floors at its end, unless they are left out."""

import json

import pytest

from isthmus import fit
from isthmus.floors import floors
from isthmus.training import Run

SHORT = {"epochs": 1, "epoch_steps": 1, "source": "tiny-pictures"}
WORDS = ["--epochs", "1", "--epoch-steps", "1", "--source", "tiny-pictures", "--out", "a"]


@pytest.fixture
def two(all_floors, monkeypatch):
    monkeypatch.setattr(floors, "_things", {name: all_floors[name] for name in ("constant", "ridge")})


def test_a_run_keeps_the_comparison(make_task, backbones, tmp_path, two):
    run = fit(make_task(), backbone=backbones["vit"], out=tmp_path / "a", **SHORT)
    found = Run(run.folder).floors
    assert (found.measured_on, found.samples, set(found.floors)) == ("test", 10, {"constant", "ridge"})
    assert found.error == run.test_error
    assert found.difference == pytest.approx(run.test_error - found.floors[found.best].error)
    assert set(run.result["floors_s"]) == {"constant", "ridge"}
    assert "seconds" not in json.dumps(run.result["floors"])  # what differs from run to run is kept apart
    assert found.verdict in (run.folder / "log.txt").read_text()
    again = fit(make_task(), backbone=backbones["vit"], out=tmp_path / "b", **SHORT)
    assert again.result["floors"] == run.result["floors"]


def test_floors_change_nothing_of_the_run(make_task, backbones, tmp_path, two):
    run = fit(make_task(), backbone=backbones["vit"], out=tmp_path / "a", **SHORT)
    alone = fit(make_task(), backbone=backbones["vit"], out=tmp_path / "b", floor=False, **SHORT)
    assert (alone.floors, alone.result["floors_s"]) == (None, {})
    weights = [(r.folder / "model" / "net.safetensors").read_bytes() for r in (run, alone)]
    assert weights[0] == weights[1]
    assert run.test_error == alone.test_error
    assert (run.folder / "config.yaml").read_text() == (alone.folder / "config.yaml").read_text()


def test_without_test_data_it_is_made_on_validation_data(make_task, backbones, tmp_path, two):
    from dataclasses import replace

    task = replace(make_task(), test=None)
    run = fit(task, backbone=backbones["vit"], out=tmp_path / "a", **SHORT)
    assert (run.floors.measured_on, run.test_error) == ("validation", None)
    assert run.floors.error == pytest.approx(run.result["validation_error"])
    whole = fit(task, backbone=backbones["vit"], out=tmp_path / "b", validation=0, **SHORT)
    assert (whole.floors.measured_on, whole.floors.error) == (None, None)


def test_the_command_ends_with_the_table_and_the_line(run, backbones, two):
    code, out, _ = run("fit", "tiny", "--backbone", backbones["vit"], *WORDS)
    assert code == 0
    found = Run("a").floors
    *table, line, last = out.splitlines()
    assert line == found.verdict
    assert last == f"test error {found.error:.4f}  (a)"
    for name in ("pare", "constant", "ridge", f"pare - {found.best}"):
        assert (
            sum(row.split("  ")[1:2] == [name] or row.strip().startswith(f"{name}  ") for row in table) == 1
        )


def test_no_floor_leaves_them_out(run, backbones, two):
    code, out, _ = run("fit", "tiny", "--backbone", backbones["vit"], *WORDS, "--no-floor")
    assert (code, out.count("\n")) == (0, 1)
    assert Run("a").floors is None


@pytest.mark.parametrize(
    ("words", "floor"),
    [([], True), (["--no-floor"], False), (["--recipe", "r"], False), (["--recipe", "r", "--floor"], True)],
)
def test_a_recipe_has_none_unless_they_are_asked_for(run, monkeypatch, words, floor):
    import isthmus.training

    asked = []

    def note(**given):
        asked.append(given["floor"])
        raise KeyboardInterrupt

    monkeypatch.setattr(isthmus.training, "fit", note)
    monkeypatch.setattr("isthmus.recipes.read", lambda name: {"task": "tiny"})
    run("fit", "tiny", *words)
    assert asked == [floor]
