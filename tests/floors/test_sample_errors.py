"""The error over any choice of samples is the metric of these samples."""

import numpy as np
import pytest
import torch

from isthmus.floors.sample_errors import SampleErrors
from isthmus.tasks import Task

KINDS = {
    "1-map": "multilabel",
    "1-auroc": "multilabel",
    "rmse": "numbers",
    "relative-l2": "field",
    "nrmse": "field",
}
OF_SUMS = {"error", "1-f1", "rmse", "relative-l2", "nrmse"}


def seen(metric: str, samples: int = 12) -> tuple[Task, torch.Tensor, torch.Tensor]:
    """A task with a metric, outputs and targets."""
    rng = np.random.default_rng(0)
    kind = KINDS.get(metric.removesuffix("-reference"), "classification")
    y = {
        "classification": np.arange(samples) % 3,
        "multilabel": np.stack([np.arange(samples) % n == 0 for n in (2, 3)], 1).astype(int),
        "numbers": rng.normal(size=(samples, 2)),
        "field": rng.normal(size=(samples, 2, 5)),
    }[kind]
    name = "regression" if kind in ("numbers", "field") else kind
    task = Task.from_arrays(rng.normal(size=(samples, 5)), y, kind=name, metric=metric)
    outputs = rng.normal(size=(samples, task.output.channels, *task.output.size)).astype(np.float32)
    return task, torch.from_numpy(outputs), torch.from_numpy(task.train.y)


@pytest.mark.parametrize("metric", sorted({*OF_SUMS, "1-map", "1-auroc", "1-f1-reference"}))
def test_it_is_the_metric_of_the_chosen_samples(metric: str) -> None:
    task, outputs, y = seen(metric)
    errors = SampleErrors(task)
    errors.update(outputs[:7], y[:7])
    errors.update(outputs[7:], y[7:])
    chosen = np.random.default_rng(1).integers(12, size=(5, 12))
    expected = []
    for index in [np.arange(12), *chosen]:
        own = task.new_metric()
        own.update(outputs[index], y[index])
        expected.append(float(own.compute()))
    np.testing.assert_allclose([float(errors.compute()), *errors.over(chosen)], expected, rtol=1e-5)
    assert errors.samples == 12
    assert errors.is_of_sums == (metric in OF_SUMS)
