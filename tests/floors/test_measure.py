"""All floors on tiny tasks: which are fitted, what decides between them, what is said of the rest."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from isthmus.floors import floors
from isthmus.floors.comparison import FloorComparison
from isthmus.floors.floor import Fitted, Floor
from isthmus.floors.measure import compare_with_floors
from isthmus.floors.sample_errors import SampleErrors
from isthmus.tasks import Split, Task

SAMPLES = 30
ALWAYS = {"constant", "ridge"}
TAKEN = {
    "classification": ALWAYS | {"logistic-regression", "random-forest"},
    "multilabel": ALWAYS | {"random-forest"},
    "number": ALWAYS | {"pls", "random-forest"},
    "numbers": ALWAYS | {"pls", "random-forest"},
    "field": ALWAYS | {"local-ridge"},
    "segmentation": ALWAYS | {"local-ridge"},
}


def make_task(kind: str, samples: int = SAMPLES, test: int = 12) -> Task:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples + test, 2, 40))
    x[:, 0] += (np.arange(len(x)) % 3)[:, None]
    y = {
        "classification": np.arange(len(x)) % 3,
        "multilabel": np.stack([np.arange(len(x)) % 3 == 0, np.arange(len(x)) % 3 > 0], 1).astype(int),
        "number": 100 + np.arange(len(x)) % 3 + 0.1 * rng.normal(size=len(x)),
        "numbers": x[:, 0, :3] * [1, 100, 1] + 50,
        "field": x + 3,
        "segmentation": (x.sum(1) > 1).astype(int),
    }[kind]
    name = "regression" if kind in ("number", "numbers", "field") else kind
    return Task.from_arrays(x[:samples], y[:samples], x[samples:], y[samples:], kind=name, name="tiny")


def compare(
    task: Task, measured: Split | None = None, right: bool = True, seed: int = 0
) -> FloorComparison | None:
    """Compare the floors with a run that knows all answers, or none."""
    measured = measured or task.test
    run = SampleErrors(task)
    if measured is not None:
        y = torch.from_numpy(measured.y)
        known = (
            y
            if task.kind == "regression"
            else torch.nn.functional.one_hot(y, task.output.channels).movedim(-1, 1)
        )
        run.update((known if right else -known).float(), y)
    return compare_with_floors(task, "pare", "test", measured, run, seed)


@pytest.fixture
def fast(all_floors, monkeypatch):
    """Without the two that take longer than a moment."""
    kept = {name: floor for name, floor in all_floors.items() if name not in ("minirocket", "random-forest")}
    monkeypatch.setattr(floors, "_things", kept)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TAKEN)
def test_every_kind_of_target_has_its_floors(kind, all_floors, monkeypatch):
    monkeypatch.setattr(floors, "_things", {n: f for n, f in all_floors.items() if n != "minirocket"})
    task = make_task(kind)
    run = SampleErrors(task)
    shape = (len(task.test), task.output.channels, *task.output.size)
    run.update(torch.zeros(shape), torch.from_numpy(task.test.y))
    found = compare_with_floors(task, "pare", "test", task.test, run, 0)
    assert (set(found.floors), found.left_out) == (TAKEN[kind], {})
    assert found.best != "constant"
    assert found.floors[found.best].error < found.floors["constant"].error
    for errors in found.floors.values():  # they speak of the same thing, in the target's own units
        assert errors.error == pytest.approx(errors.cross_validation_error, rel=1, abs=0.2)
    assert set(found.seconds) == set(found.floors)


def test_the_line_is_true_in_both_directions(fast):
    task = make_task("classification")
    best, worst = compare(task), compare(task, right=False)
    assert (best.error, worst.error) == (0, 1)
    rival = best.floors[best.best].error
    assert best.difference == pytest.approx(-rival)
    assert worst.difference == pytest.approx(1 - rival)
    assert worst.verdict.startswith("pare: test error 1 [1, 1]; ")
    low, high = worst.difference_interval
    assert f": simpler does better by {1 - rival:.3g} [{low:.3g}, {high:.3g}]" in worst.verdict
    number = make_task("number")
    assert ": pare does better by " in compare(number).verdict


@pytest.mark.parametrize("kind", ["classification", "number"])
def test_only_training_samples_decide(kind, fast):
    task = make_task(kind)
    found = compare(task)
    order = np.random.default_rng(1).permutation(len(task.test))
    mixed = replace(task, test=Split(task.test.x[order] * 3, task.test.y), validation=task.test)
    other = compare(mixed)
    assert other.best == found.best
    assert {n: f.cross_validation_error for n, f in other.floors.items()} == {
        n: f.cross_validation_error for n, f in found.floors.items()
    }
    assert [f.error for f in other.floors.values()] != [f.error for f in found.floors.values()]


def test_the_same_seed_gives_the_same_figures(fast):
    task = make_task("classification")
    first = compare(task)
    assert compare(task).figures() == first.figures()


def test_the_nearer_numbers_win_among_equal_errors(fast, monkeypatch):
    """Of floors that make the same errors on training samples; the first name would win otherwise."""

    def knows(factor):
        def fit(self, task, train, y, fold, seed):
            return Fitted(lambda x: np.zeros((len(x), *y.shape[1:])), factor * y)

        return type("Knows", (Floor,), {"fit": fit})

    monkeypatch.setattr(floors, "_things", {"a": knows(0.5), "b": knows(1.1), "c": knows(3.0)})
    assert compare(make_task("classification")).best == "b"


def test_without_test_data_there_are_cross_validated_errors_alone(fast):
    task = replace(make_task("classification"), test=None)
    found = compare_with_floors(task, "pare", "test", None, SampleErrors(task), 0)
    assert (found.error, found.interval, found.difference, found.measured_on) == (None, None, None, None)
    assert all(errors.error is None for errors in found.floors.values())
    assert "no data to measure it on" in found.verdict


def test_more_samples_than_a_floor_takes_are_told(fast, monkeypatch):
    monkeypatch.setattr(floors["constant"], "most_samples", lambda self, task: 20)
    monkeypatch.setattr(floors, "_things", {"constant": floors["constant"]})
    assert compare(make_task("classification")).floors["constant"].note == "20 of 30 training samples"
    monkeypatch.setattr("isthmus.floors.measure.MOST_TARGETS", 80 * 10)
    assert compare(make_task("field")).floors["constant"].note == "10 of 30 training samples"


def test_averaged_values_are_told(fast, monkeypatch):
    monkeypatch.setattr("isthmus.floors.ridge.MOST_COLUMNS", 20)
    monkeypatch.setattr(floors, "_things", {"ridge": floors["ridge"]})
    assert compare(make_task("classification")).floors["ridge"].note == "80 values averaged to 20"


def test_what_would_take_too_long_is_left_out(all_floors, monkeypatch):
    monkeypatch.setattr(floors, "_things", {name: all_floors[name] for name in ("constant", "minirocket")})
    monkeypatch.setattr("isthmus.floors.minirocket.MOST_WORK", 42 * 40 * 2 - 1)
    assert compare(make_task("classification")).left_out == {
        "minirocket": "42 series of 2 x 40 points would take too long"
    }
    monkeypatch.setattr("isthmus.floors.minirocket.find_spec", lambda name: None)
    assert compare(make_task("classification")).left_out == {
        "minirocket": "it needs the package aeon: pip install isthmus[rocket]"
    }


def test_a_floor_that_fails_is_told_and_loses_nothing(fast, monkeypatch, caplog):
    def fail(self, *given):
        raise ValueError("no\nway")

    monkeypatch.setattr(floors["ridge"], "fit", fail)
    found = compare(make_task("classification"))
    assert found.left_out == {"ridge": "it failed: no way"}
    assert set(found.floors) == {"constant", "logistic-regression"}
    assert "the floor 'ridge' failed" in caplog.text


def test_there_is_no_comparison_without_floors_or_with_one_sample(fast, monkeypatch):
    task = make_task("number")
    assert compare(replace(task, train=task.train.part(np.arange(1)))) is None
    monkeypatch.setattr(floors, "_things", {})
    assert compare(task) is None


def test_a_class_with_one_sample_is_no_obstacle(fast):
    rng = np.random.default_rng(0)
    task = Task.from_arrays(rng.normal(size=(9, 20)), [0] * 8 + [1], rng.normal(size=(4, 20)), [0, 0, 0, 1])
    found = compare(task)
    assert found.left_out == {}
    assert found.floors["constant"].error == 0.25
