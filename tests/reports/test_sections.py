"""Sections of a page: what they say of plain data."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support, r2_score

from isthmus.reports.calibration import calibration_section, reliability
from isthmus.reports.citation import citation_rows, read_citation
from isthmus.reports.classes import classes_section, labels_section
from isthmus.reports.costs import costs_section, settings_section
from isthmus.reports.data import data_section
from isthmus.reports.numbers import numbers_section
from isthmus.reports.outcome import outcome_section
from isthmus.reports.section import Section
from isthmus.reports.training import training_section
from isthmus.reports.worst import NONE, worst_section
from isthmus.training.kept import SavedOutputs, SavedSamples


def cells(section: Section, number: int = 0) -> list[list[str]]:
    return [[cell.text for cell in row] for row in section.tables[number].rows]


def test_data(summary, samples):
    section = data_section(summary, samples)
    assert section.text == ["Made <b>up</b> & small."]
    assert ["samples", "9 train, 8 test"] in cells(section)
    assert cells(section, 1) == [["low", "3", "4"], ["high", "3", "4"], ["none", "3", "0"]]
    assert [drawing.name for drawing in section.drawings] == ["samples"]
    assert "low, high, none" in section.drawings[0].alt
    assert not data_section(summary, None).drawings


def test_data_of_many_classes_and_of_numbers(summary):
    summary["classes"] = list(range(100))
    for split in summary["splits"].values():
        split["counts"] = [1] * 100
    table = data_section(summary, None).tables[1]
    assert (len(table.rows), table.notes) == (60, ("40 more classes are left out.",))
    targets = [{"mean": 1.0, "std": 2.0, "min": -3.0, "max": 4.5}]
    summary |= {"classes": [], "kind": "regression", "output_shape": [1]}
    summary |= {"splits": {"train": {"samples": 9, "targets": targets}}}
    assert cells(data_section(summary, None), 1) == [["train", "1", "2", "-3", "4.5"]]


def test_data_of_an_older_run():
    assert "earlier versions" in data_section(None, None).text[0]


FLOORS: dict[str, Any] = {
    "measured_on": "test",
    "samples": 8,
    "left_out": {},
    "best": "ridge",
    "floors": {
        "mean": {"error": 0.5, "cross_validation_error": 0.5, "note": ""},
        "ridge": {"error": 0.3, "cross_validation_error": 0.2, "note": ""},
    },
}


@pytest.mark.parametrize(
    ("error", "ends", "says"),
    [
        (0.25, (-0.1, -0.01), "ridge has 0.3: pare does better by 0.05"),
        (0.25, (-0.1, 0.01), "may be chance"),
        (0.35, (0.01, 0.1), "ridge has 0.3: simpler does better by 0.05"),
    ],
)
def test_the_error_beside_the_floors(result, error, ends, says):
    interval = (0.2, 0.4)
    found = {"error": error, "interval": interval, "difference": error - 0.3, "difference_interval": ends}
    floors = {"floors": FLOORS | found, "floors_s": {"mean": 0.1, "ridge": 0.2}, "method": "pare"}
    section = outcome_section(result | {"error": error} | floors, interval)
    assert says in section.text[1]
    rows = cells(section)
    assert rows[0][:3] == ["this run", "test", f"{100 * error:.1f}"]
    assert ["floor: mean", "test", "50.0", "-", "0.1"] in rows
    assert ["floor: ridge", "test", "30.0", "-", "0.2"] in rows
    assert ["this run", "validation", "20.0", "-", "-"] in rows
    assert "ridge 30.0 %" in section.drawings[0].alt


def test_the_error_alone(result):
    section = outcome_section(result, (0.1, 0.4))
    assert section.text == ["The test error is 25.0 % (95 % interval 10.0 to 40.0 %)."]
    assert not section.drawings
    section = outcome_section(result | {"metric": "rmse", "error": 2.0}, None)
    assert section.text == ["The test error is 2.00 rmse."]
    section = outcome_section(result | {"error": None}, None)
    assert section.text == ["The task has no test data."]
    assert [row[1] for row in cells(section)] == ["validation"]
    probe = {"cross_validation_error": 0.3, "validation_error": 0.1, "kept": False}
    rows = cells(outcome_section(result | {"probe": probe}, None))
    assert [row[1:3] for row in rows if row[0].startswith("probe")] == [
        ["validation", "10.0"],
        ["cross-validation", "30.0"],
    ]


def test_classes(summary, predictions):
    section = classes_section(summary, predictions)
    assert section.text == ["6 of 8 test samples are right. Most often low is taken for high (1 times)."]
    assert cells(section) == [
        ["low", "4", "0.750", "0.750", "0.750", "high"],
        ["high", "4", "0.750", "0.750", "0.750", "low"],
        ["none", "0", "-", "-", "-", "-"],
    ]


def test_figures_of_classes_are_those_of_scikit_learn(summary):
    rng = np.random.default_rng(0)
    y, output = rng.integers(3, size=60), rng.normal(size=(60, 3)).astype(np.float32)
    found = cells(classes_section(summary, SavedOutputs(np.arange(60), output, y)))
    expected = np.array(precision_recall_fscore_support(y, output.argmax(1)))
    assert [[float(text) for text in row[2:5]] for row in found] == pytest.approx(
        expected[:3].T.round(3), abs=1e-3
    )


def test_labels(summary):
    output = np.array([[2, -1, 1], [1, 1, -1], [-2, 2, -1], [-1, 3, -2]], np.float32)
    y = np.array([[1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 1, 0]], np.float32)
    rows = cells(labels_section(summary | {"kind": "multilabel"}, SavedOutputs(np.arange(4), output, y)))
    assert rows == [
        ["none", "1", "0.000", "0.000", "0.000", "0.333"],  # three are ranked as high
        ["low", "2", "1.000", "1.000", "1.000", "1.000"],
        ["high", "2", "0.667", "1.000", "0.800", "1.000"],
    ]


def test_numbers(summary):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(40, 3)).astype(np.float32)
    output = y + rng.normal(0.2, 0.5, size=y.shape).astype(np.float32)
    section = numbers_section(summary, SavedOutputs(np.arange(40), output, y))
    for channel, row in enumerate(cells(section)):
        residual = (output - y)[:, channel].astype(float)
        expected = [np.sqrt((residual**2).mean()), np.abs(residual).mean(), residual.mean()]
        expected.append(r2_score(y[:, channel], output[:, channel]))
        assert [float(text) for text in row[1:]] == pytest.approx(expected, rel=1e-3)
    names = [drawing.name for drawing in section.drawings]
    assert names == ["predicted-0", "residuals-0", "predicted-1", "residuals-1"]


def test_numbers_of_a_constant_target(summary):
    same = SavedOutputs(np.arange(5), np.zeros((5, 1), np.float32), np.ones((5, 1), np.float32))
    assert cells(numbers_section(summary, same)) == [["target", "1", "1", "-1", "-"]]


def test_reliability_against_its_definition():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(size=300)
    came_true = rng.uniform(size=300) < confidence**2
    found = reliability(confidence, came_true, bins=5)
    error = 0.0
    for number in range(5):
        inside = (confidence > number / 5) & (confidence <= (number + 1) / 5)
        assert found.counts[number] == inside.sum()
        assert found.right[number] == pytest.approx(came_true[inside].mean())
        error += inside.sum() / 300 * abs(came_true[inside].mean() - confidence[inside].mean())
    assert found.expected_error == pytest.approx(error)
    assert error > 0.05
    sure = reliability(np.array([0.0, 1.0, 1.0]), np.array([False, True, True]))
    assert (sure.expected_error, sure.counts.sum()) == (0, 3)
    assert np.isnan(sure.right[5])


def test_calibration(summary, predictions):
    section = calibration_section(summary, predictions)
    assert dict(cells(section))["share that is right"] == "0.75"
    labels = SavedOutputs(np.arange(8), predictions.output, np.eye(3, dtype=np.float32)[predictions.y])
    section = calibration_section(summary | {"kind": "multilabel"}, labels)
    assert dict(cells(section))["share of labels that are there"] == "0.3333"


def test_most_wrong(summary, predictions, samples):
    section = worst_section(summary, predictions, samples)
    assert [row[0] for row in cells(section)] == ["7", "3"]
    assert cells(section)[0][1].startswith("high → low (0.9")
    right = SavedOutputs(predictions.index, predictions.output, predictions.output.argmax(1))
    assert NONE in worst_section(summary, right, samples).text


def test_most_wrong_of_some_that_were_kept(summary, predictions, samples):
    """Outputs are found by the number of the sample."""
    every_third = SavedOutputs(predictions.index * 3, predictions.output, predictions.y)
    third = SavedSamples(samples.x, samples.y, samples.worst_x, np.array([21, 9]))
    assert cells(worst_section(summary, every_third, third))[0][1].startswith("high → low")


@pytest.mark.parametrize(
    ("kind", "output_shape", "y"),
    [
        ("regression", [1, 6], np.zeros((8, 1, 6), np.float32)),
        ("regression", [1, 4, 4], np.zeros((8, 1, 4, 4), np.float32)),
        ("segmentation", [3, 4, 4], np.zeros((8, 4, 4), np.int64)),
        ("multilabel", [1, 4, 4], np.zeros((8, 2, 4, 4), np.float32)),
    ],
)
def test_most_wrong_fields(summary, samples, kind, output_shape, y):
    output = np.random.default_rng(0).normal(size=(8, *output_shape)).astype(np.float32)
    summary |= {"kind": kind, "output_shape": output_shape}
    section = worst_section(summary, SavedOutputs(np.arange(8), output, y), samples)
    assert len(section.drawings[0].figure.axes) >= 2


def test_training(result):
    rows = [{"epoch": 1, "step": 3, "loss": 1.5, "val_loss": 1.2, "val_error": 0.5, "train_error": 0.6}]
    section = training_section(result, rows)
    assert section.text == [
        "1 epoch, 3 steps. At the end: loss 1.5, validation loss 1.2, validation error 50.0 %."
    ]
    assert [drawing.name for drawing in section.drawings] == ["curve-loss", "curve-error"]
    points = section.drawings[0].figure.axes[0].lines
    assert all(line.get_marker() == "o" for line in points)  # one epoch is seen
    mixed = training_section(result, [row | {"k": 3.0, "loss_target": 1.0} for row in rows])
    assert mixed.drawings[-1].name == "curve-k"
    assert "learns in one call" in training_section(result | {"steps": 0}, rows).text[0]


def test_costs_and_settings(result):
    section = costs_section(result)
    assert ["parameters", "12,345"] in cells(section)
    assert ["python", "3.11"] in cells(section, 1)
    old = {key: value for key, value in result.items() if key not in ("parameters", "peak_mb", "versions")}
    assert ["parameters", "-"] in cells(costs_section(old))
    settings = settings_section(
        {"lr": 1e-4, "augment": None, "schedule": {"name": "cosine", "end": 1.0}},
        {"chosen.json": {"settings": {"scale": "position"}}},
    )
    assert cells(settings) == [["lr", "0.0001"], ["augment", "-"], ["schedule", "name: cosine, end: 1.0"]]
    assert "position" in settings.listing


def test_citation():
    software = read_citation()
    rows = dict(citation_rows(["digits", "my own"], ["pare", "nft"]))
    assert rows["isthmus"] == f"isthmus developers. isthmus. version {software['version']}. 2026."
    assert "gradually intermediate modality" in rows["method pare"]
    assert rows["method nft"].startswith("Fine-tuning")  # the line that the method is described by
    assert "task my own" not in rows
