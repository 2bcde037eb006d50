"""What a run keeps of its data: outputs, samples, a summary; all of bounded size."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus import Run, fit
from isthmus.tasks import Split, Task
from isthmus.training import kept
from isthmus.training.kept import (
    OutputCollector,
    read_predictions,
    read_samples,
    read_summary,
    some_of_each,
)
from isthmus.training.summary import summarise

SHORT = {"epochs": 1, "epoch_steps": 1, "batch_size": 4}


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 60))
def test_some_of_each_class(labels, count):
    y = np.array(labels)
    chosen = some_of_each(Split(np.zeros((len(y), 1, 2), np.float32), y), count, stratified=True)
    assert len(chosen) == min(count, len(y)) == len(set(chosen.tolist()))
    assert (np.diff(chosen) > 0).all()
    has, had = (np.bincount(part, minlength=5) for part in (y[chosen], y))
    for a in range(5):  # a class with fewer than another has given all that it had
        assert all(has[a] >= has[b] - 1 or has[a] == had[a] for b in range(5))


@given(st.lists(st.integers(1, 7), min_size=1, max_size=8), st.integers(1, 30))
def test_outputs_are_kept_whatever_the_batches(sizes, affordable):
    length = sum(sizes)
    x = np.arange(length, dtype=np.float32).reshape(-1, 1, 1)
    numbers = Task.from_arrays(x[:1].repeat(2, 0), np.eye(2), kind="regression")
    split = Split(x, np.random.default_rng(length).normal(size=(length, 2)).astype(np.float32))
    outputs, y = torch.arange(length * 2.0).view(length, 2), split.y
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "PREDICTION_BYTES", affordable * 16)
        patch.setattr(kept, "WORST_COUNT", 5)
        keeper = OutputCollector(numbers, split)
    parts = (part.split(sizes) for part in (torch.from_numpy(x), outputs, torch.from_numpy(y)))
    for batch in zip(*parts, strict=True):
        keeper.add(*batch)
    found = keeper.predictions()
    losses = numbers.sample_losses(torch.from_numpy(found.output), torch.from_numpy(found.y))
    order = losses.sort(descending=True, stable=True).indices[:5]
    assert [number for _, number, _ in keeper.worst] == np.atleast_1d(found.index[order]).tolist()
    assert [sample.item() for _, _, sample in keeper.worst] == np.atleast_1d(found.index[order]).tolist()
    assert len(found.index) == min(length, affordable)
    np.testing.assert_array_equal(found.output, outputs.numpy()[found.index])
    np.testing.assert_array_equal(found.y, y[found.index])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classification", "multilabel", "number", "field", "segmentation"])
def test_a_run_keeps_what_its_network_says(kind, make_task, backbones, tmp_path):
    task = make_task(kind)
    run = fit(task, method="nft", backbone=backbones["vit"], out=tmp_path / "run", **SHORT)
    predictions, samples = read_predictions(run.folder), read_samples(run.folder)
    np.testing.assert_array_equal(predictions.index, np.arange(len(task.test)))
    np.testing.assert_array_equal(predictions.y, task.test.y)
    np.testing.assert_allclose(predictions.output, run.outputs(task.test.x), rtol=1e-4, atol=1e-5)
    metric = task.new_metric()
    metric.update(torch.from_numpy(predictions.output), torch.from_numpy(predictions.y))
    assert float(metric.compute()) == pytest.approx(run.test_error, rel=1e-6)

    losses = task.sample_losses(torch.from_numpy(predictions.output), torch.from_numpy(predictions.y))
    assert samples.worst_index.tolist() == losses.sort(descending=True, stable=True).indices.tolist()
    np.testing.assert_array_equal(samples.worst_x, task.test.x[samples.worst_index])
    rows = {row.tobytes() for row in task.train.x}
    assert {row.tobytes() for row in samples.x} <= rows
    assert len(samples.x) == len(samples.y) == read_summary(run.folder)["splits"]["train"]["samples"]


@pytest.mark.slow
def test_without_test_data_there_are_no_predictions(make_task, backbones, tmp_path):
    task = make_task()
    task = type(task).from_arrays(task.train.x, task.train.y)
    run = fit(task, method="nft", backbone=backbones["vit"], out=tmp_path / "run", **SHORT)
    assert read_predictions(run.folder) is None
    assert read_samples(run.folder).worst_index.size == 0
    assert set(read_summary(run.folder)["splits"]) == {"train", "validation"}


def test_samples_of_large_data_are_few(make_task, monkeypatch, tmp_path):
    task = make_task()  # 2 x 20 numbers of 4 bytes a sample
    monkeypatch.setattr(kept, "SAMPLE_BYTES", 160 * 5)
    monkeypatch.setattr(kept, "WORST_BYTES", 1)
    outputs = OutputCollector(task, task.test)
    x, y = (torch.from_numpy(part) for part in (task.test.x, task.test.y))
    outputs.add(x, torch.zeros(len(y), 3), y)
    kept.keep(tmp_path, task, {"train": task.train, "validation": None, "test": task.test}, outputs)
    samples = read_samples(tmp_path)
    assert (len(samples.x), len(samples.worst_x)) == (5, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "data.json",
        "predictions.npz",
        "samples.npz",
    ]


def test_the_summary_of_a_task(make_task):
    task = make_task()
    summary = summarise(task, {"train": task.train, "validation": None, "test": task.test})
    assert json.loads(json.dumps(summary)) == summary
    assert summary["classes"] == ["high", "low", "middle"]
    assert summary["splits"] == {
        name: {
            "samples": len(split),
            "looked_at": len(split),
            "counts": [int((split.y == label).sum()) for label in range(3)],
        }
        for name, split in {"train": task.train, "test": task.test}.items()
    }
    field = make_task("field")
    targets = summarise(field, {"train": field.train})["splits"]["train"]["targets"]
    assert len(targets) == 2
    for channel, found in enumerate(targets):
        y = field.train.y[:, channel].astype(np.float64)
        assert found == pytest.approx(
            {"mean": y.mean(), "std": y.std(), "min": y.min(), "max": y.max()}, rel=1e-4, abs=1e-6
        )
    labels = make_task("multilabel")
    counts = summarise(labels, {"train": labels.train})["splits"]["train"]["counts"]
    assert counts == labels.train.y.sum(0).astype(int).tolist()
    mask = make_task("segmentation")
    counts = summarise(mask, {"train": mask.train})["splits"]["train"]["counts"]
    assert counts == [int((mask.train.y == label).sum()) for label in (0, 1)]


def test_what_was_not_kept_is_none_and_what_is_damaged_is_refused(tmp_path, refuses):
    readers = {"data.json": read_summary, "predictions.npz": read_predictions, "samples.npz": read_samples}
    for name, read in readers.items():
        assert read(tmp_path) is None
        (tmp_path / name).write_bytes(b"cut off")
        with refuses("file", tmp_path / name):
            read(tmp_path)
    np.savez(tmp_path / "samples.npz", x=np.array([{"a": 1}], dtype=object))  # a pickle is never loaded
    with refuses("file", tmp_path / "samples.npz"):
        read_samples(tmp_path)


def test_an_opened_run_needs_none_of_it(tmp_path):
    assert read_samples(Run(tmp_path).folder) is None
