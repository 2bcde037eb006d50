"""Calibrated probabilities, sets and intervals: what is promised holds, and what cannot be is refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus import Run, Task, fit
from isthmus.augmentation.warp import Warp
from isthmus.seeding import torch_generator
from isthmus.tasks import problem_types
from isthmus.training import calibration
from isthmus.training.calibration import conformal_intervals, conformal_sets, scale_by_temperature
from isthmus.training.kept import SavedOutputs, read_validation

CONFIDENCES = st.sampled_from([0.5, 0.8, 0.9, 0.95])
KNOWN, NEW = 150, 1000


def is_at_least_nominal(held: np.ndarray, confidence: float) -> bool:
    """Whether a coverage is not below the nominal one by more than chance, of both samples, explains."""
    deviation = np.sqrt(confidence * (1 - confidence) * (1 / KNOWN + 1 / NEW))
    return held.mean() >= confidence - 4 * deviation


@settings(max_examples=30)
@given(st.integers(0, 10**6), CONFIDENCES, st.integers(2, 6), st.floats(0.1, 5))
def test_sets_hold_the_true_class_as_often_as_promised(seed, confidence, classes, sharpness):
    """Whether or not the probabilities are right: those of this predictor are too flat or too sharp."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(KNOWN + NEW, classes))
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    y = (true.cumsum(1) < rng.random((len(true), 1))).sum(1).clip(max=classes - 1)
    told = np.exp(sharpness * logits)
    told /= told.sum(1, keepdims=True)
    sets = conformal_sets(told[:KNOWN], y[:KNOWN], told[KNOWN:], confidence)
    assert sets.shape == (NEW, classes)
    assert is_at_least_nominal(sets[np.arange(NEW), y[KNOWN:]], confidence)
    # A class is in the set where its score is among the k smallest of the known ones.
    scores = np.sort(1 - told[np.arange(KNOWN), y[:KNOWN]])
    k = int(np.ceil(confidence * (KNOWN + 1) - 1e-9))
    np.testing.assert_array_equal(sets, 1 - told[KNOWN:] <= scores[k - 1])


@settings(max_examples=30)
@given(st.integers(0, 10**6), CONFIDENCES, st.integers(1, 3))
def test_intervals_hold_the_true_number_as_often_as_promised(seed, confidence, targets):
    rng = np.random.default_rng(seed)
    told = rng.normal(size=(KNOWN + NEW, targets))
    y = told + rng.standard_t(3, size=told.shape) * np.arange(1, targets + 1) + 0.3
    lower, upper = conformal_intervals(told[:KNOWN], y[:KNOWN], told[KNOWN:], confidence)
    for target in range(targets):
        inside = (lower[:, target] <= y[KNOWN:, target]) & (y[KNOWN:, target] <= upper[:, target])
        assert is_at_least_nominal(inside, confidence)
        errors = np.sort(np.abs(y[:KNOWN, target] - told[:KNOWN, target]))
        half = errors[int(np.ceil(confidence * (KNOWN + 1) - 1e-9)) - 1]
        np.testing.assert_allclose(upper[:, target] - told[KNOWN:, target], half)
        np.testing.assert_allclose(told[KNOWN:, target] - lower[:, target], half)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.floats(0.2, 5))
def test_the_temperature_undoes_what_was_too_sharp_or_too_flat(seed, sharpness):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(600, 3, generator=generator)
    y = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    held = SavedOutputs(np.arange(600), (sharpness * logits).numpy(), y.numpy())
    factor = scale_by_temperature(problem_types["classification"](), held, torch.ones(1, 3))[0, 0]
    assert float(factor) * sharpness == pytest.approx(1, abs=0.35)


@pytest.mark.parametrize(("samples", "confidence", "kind"), [
    (8, 0.9, "conflict"), (99, 0.99, "conflict"), (50, 1.0, "value"), (50, 0.0, "value"), (50, -0.1, "value"),
])  # fmt: skip
def test_what_cannot_be_promised(samples, confidence, kind, refuses):
    with refuses(kind, "intervals"):
        conformal_intervals(np.zeros((samples, 1)), np.ones((samples, 1)), np.zeros((1, 1)), confidence)


def test_without_crepes(monkeypatch, refuses):
    monkeypatch.setattr(calibration, "find_spec", lambda name: None)
    with refuses("dependency", "crepes"):
        conformal_sets(np.full((20, 2), 0.5), np.zeros(20, int), np.full((1, 2), 0.5), 0.9)


SHORT = {
    "method": "nft", "embedder": "patch", "scale": "channel", "epochs": 1, "epoch_steps": 1, "batch_size": 4,
    "probe_samples": 0, "logger": "none",
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(make_task, backbones, tmp_path_factory):
    """Runs by kind: trained(kind, **settings)."""
    runs = {}

    def run(kind: str, **more) -> Run:
        key = repr((kind, more))
        if key not in runs:
            asked = {"backbone": backbones["vit"], "augment": "jitter", **SHORT, **more}
            runs[key] = fit(make_task(kind), out=tmp_path_factory.mktemp("run") / "a", floor=False, **asked)
        return runs[key]

    return run


def held_part(task: Task, run: Run) -> np.ndarray:
    """The validation samples of a run, found by the outputs that it has kept."""
    outputs = run.outputs(task.train.x).numpy()
    kept = read_validation(run.folder).output
    distance = np.abs(outputs[None] - kept[:, None]).reshape(len(kept), len(outputs), -1).max(2)
    assert distance.min(1).max() < 1e-4
    return distance.argmin(1)


def test_a_run_keeps_outputs_for_its_validation_samples_and_no_others(make_task, trained):
    task, run = make_task("classification"), trained("classification")
    held = held_part(task, run)
    assert len(set(held)) == 5
    kept = run.held_out
    np.testing.assert_array_equal(kept.y, task.train.y[held])
    mean = run.net.x_mean.numpy()
    rest = np.setdiff1d(np.arange(24), held)
    np.testing.assert_allclose(mean, task.train.x[rest].mean((0, 2)), rtol=1e-4)


def test_probabilities_at_the_temperature_of_held_out_samples(make_task, trained):
    task, run = make_task("classification"), trained("classification")
    x, kept = task.test.x, run.held_out
    factor = problem_types["classification"]().logit_factor(torch.tensor(kept.output), torch.tensor(kept.y))
    expected = (factor * run.outputs(x)).softmax(1)
    np.testing.assert_allclose(run.predict_proba(x, calibrated=True), expected, rtol=1e-5)

    def loss(probabilities: np.ndarray) -> float:
        return -np.log(probabilities[np.arange(5), kept.y]).mean()

    held = task.train.x[held_part(task, run)]
    assert loss(run.predict_proba(held, calibrated=True)) <= loss(run.predict_proba(held)) + 1e-6
    labels = trained("multilabel").predict_proba(x, calibrated=True)
    assert labels.shape == (10, 3)


@pytest.mark.slow
def test_sets_and_intervals_of_a_file(make_task, trained, run, tmp_path):
    np.save("new.npy", make_task("classification").test.x)
    classes, number, numbers = (trained(kind) for kind in ("classification", "number", "numbers"))
    words = ["--intervals", 0.7, "-o"]
    assert run("predict", classes.folder, "new.npy", *words, "c.csv", "--proba", "--calibrated")[0] == 0
    table = pd.read_csv("c.csv", keep_default_na=False)
    assert list(table) == ["sample", "y", "p_high", "p_low", "p_middle", "set"]
    sets = classes.predict_set(np.load("new.npy"), 0.7)
    told = [[name in text.split(" | ") for name in ("high", "low", "middle")] for text in table["set"]]
    np.testing.assert_array_equal(told, sets)
    assert run("predict", number.folder, "new.npy", *words, "n.csv")[0] == 0
    table = pd.read_csv("n.csv")
    assert list(table) == ["sample", "y", "lower", "upper"]
    interval = number.predict_interval(np.load("new.npy"), 0.7)
    np.testing.assert_allclose(table[["lower", "upper"]], interval, rtol=1e-6)
    np.testing.assert_allclose(interval.mean(-1), table["y"], rtol=1e-4)
    assert run("predict", numbers.folder, "new.npy", *words, "m.csv")[0] == 0
    assert list(pd.read_csv("m.csv"))[-8:] == [
        f"{end}_y[{i}]" for end in ("lower", "upper") for i in range(4)
    ]
    assert run("predict", classes.folder, "new.npy", *words, "c.npz")[0] == 0
    with np.load("c.npz") as arrays:
        np.testing.assert_array_equal(arrays["set"], sets)
    assert run("predict", number.folder, "new.npy", *words, "n.npz")[0] == 0
    with np.load("n.npz") as arrays:
        np.testing.assert_allclose(np.stack([arrays["lower"], arrays["upper"]], 1), interval, rtol=1e-6)


def test_what_a_run_cannot_tell(make_task, trained, refuses):
    x = make_task("classification").test.x
    blind = trained("classification", validation=0)
    assert blind.held_out is None
    with refuses("missing", "calibrated"):
        blind.predict_proba(x, calibrated=True)
    with refuses("missing", "intervals"):
        blind.predict_set(x)
    with refuses("conflict", "intervals"):
        trained("classification").predict_set(x)  # 5 held-out samples do not suffice for 0.9
    with refuses("conflict", "intervals"):
        trained("number").predict_set(x, 0.7)
    with refuses("conflict", "intervals"):
        trained("multilabel").predict_interval(x, 0.7)
    with refuses("conflict", "intervals"):
        trained("field").predict_interval(x, 0.7)
    with refuses("value", "kind"):
        trained("number").predict_proba(x, calibrated=True)


def test_predictions_averaged_over_changed_copies(make_task, trained, backbones):
    x, run = make_task("classification").test.x, trained("classification")
    averaged = run.predict_proba(x, augmentations=3)
    assert np.abs(averaged - run.predict_proba(x)).max() > 1e-4
    np.testing.assert_array_equal(averaged, run.predict_proba(x, augmentations=3))

    def copies(one: np.ndarray) -> np.ndarray:
        samples = torch.tensor(one).expand(3, 2, 20)
        return run.augment(samples, torch_generator(0, "predicting")).numpy()

    each = [run.predict_proba(np.concatenate([one[None], copies(one)])) for one in x]
    np.testing.assert_allclose(averaged, np.mean(each, 1), atol=1e-6)
    one = run.predict_proba(x[7:8], augmentations=3)  # what is predicted beside it does not matter
    np.testing.assert_allclose(one, averaged[7:8], atol=1e-6)


def test_the_augmentation_that_was_chosen_is_the_one_that_is_averaged_over(make_task, trained, tmp_path):
    """A run whose `augment` is auto says in chosen.json what it was."""
    run = trained("classification", augment="auto", probe_samples=20)
    chosen = run.folder / "chosen.json"
    chosen.write_text(
        '{"settings": {"augment": {"name": "warp", "window": 0.3}}, "candidates": [], "seconds": 0}'
    )
    augment = Run(run.folder).augment
    assert isinstance(augment, Warp)
    assert augment.window == 0.3


def test_what_cannot_be_averaged_over(make_task, trained, refuses, refused, run):
    x = make_task("classification").test.x
    plain = trained("classification", augment="none")
    with refuses("missing", "augmentations"):
        plain.predict(x, augmentations=2)
    with refuses("value", "augmentations"):
        trained("classification").predict(x, augmentations=-1)
    np.save("new.npy", x)
    folder = trained("classification").folder
    refused(run("predict", folder, "new.npy", "-o", "p.csv", "--augmentations", 2, "--intervals", 0.7))
    refused(run("predict", "net.onnx", "new.npy", "-o", "p.csv", "--augmentations", 2))
    refused(run("predict", folder, "new.npy", "-o", "p.csv", "--intervals", 0))
