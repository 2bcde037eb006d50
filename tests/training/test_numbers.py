"""What a network gives is finite, or one line names the sample; digits survive a run folder."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from isthmus import fit
from isthmus.model.evaluation import evaluate
from isthmus.tasks import Split, Task
from isthmus.training.run_folder import Run

WRN: dict[str, Any] = {
    "method": {"name": "wrn", "depth": 10, "widen": 1, "width": 4},
    "epochs": 1,
    "epoch_steps": 2,
    "batch_size": 4,
}


def waves(n: int = 20) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 1, 16))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Run:
    task = Task.from_arrays(waves(), np.arange(20) % 2)
    return fit(task, out=tmp_path_factory.mktemp("runs") / "run", **WRN)


class Overflowing(torch.nn.Module):
    """A network that cannot stand values above 10."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sums = torch.where(x > 10, np.nan, x).flatten(1).sum(1)
        return self.weight * torch.stack([sums, -sums], 1)


def test_a_prediction_that_is_not_finite_names_its_sample(classifier: Run, refuses: Any) -> None:
    x = waves()
    x[17, 0, 3] = 1e30
    broken = Run(classifier.folder)
    broken.net.body = Overflowing()
    broken.net.spec = classifier.net.spec
    for predict in (broken.predict, broken.predict_proba):
        with refuses("value", "x[17]"):
            predict(x)
    assert broken.predict(np.delete(x, 17, axis=0)).shape == (19,)


def test_a_sample_far_from_the_training_data_is_told_of(
    classifier: Run, caplog: pytest.LogCaptureFixture
) -> None:
    x = waves(100)
    assert np.isfinite(classifier.predict_proba(x)).all()
    assert not caplog.messages
    x[70, 0, 2] = 1e20
    classifier.predict(x)
    assert [message.split()[0] for message in caplog.messages] == ["x[70]"]


def test_an_evaluation_names_the_sample_as_it_was_given(refuses: Any) -> None:
    x = waves()
    x[13] = 1e6
    task = Task.from_arrays(x, np.arange(20) % 2, x, np.arange(20) % 2)
    cut = task.train.part(np.array([2, 5, 13, 14])).part(np.array([1, 2, 3]))
    assert cut.number(1) == 13
    task = replace(task, validation=cut)
    assert task.test is not None
    for split in (cut, task.test):
        with refuses("value", "x"):
            evaluate(Overflowing(), task, split)
    rest = Split(cut.x[[0, 2]], cut.y[[0, 2]])
    assert 0 <= evaluate(Overflowing(), task, rest)["error"] <= 1


def test_validation_data_that_overflows_stops_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refuses: Any
) -> None:
    x = waves(6)
    x[4] = 1e6
    task = Task.from_arrays(waves(), np.arange(20) % 2)
    task = replace(task, validation=Split(x.astype(np.float32), np.arange(6) % 2))
    monkeypatch.setattr("isthmus.methods.specialists.wrn.WRN.build_body", lambda self, spec: Overflowing())
    with refuses("value", "x"):
        fit(task, out=tmp_path / "run", **WRN)


def test_a_probe_of_no_number_of_samples_takes_all(
    make_task: Any, backbones: dict[str, str], tmp_path: Path
) -> None:
    errors = [
        fit(
            make_task(),
            method="probe",
            backbone=backbones["vit"],
            embedder="patch",
            scale="channel",
            probe_samples=count,
            out=tmp_path / str(count),
        ).test_error
        for count in (0, 10_000)
    ]
    assert errors[0] == errors[1]


def test_digits_beyond_float32_survive_the_run_folder(tmp_path: Path) -> None:
    """Time stamps: 1.7e9 and some seconds, from pressures of 101325 Pa and some thousandths."""
    x = waves()
    y = 1.7e9 + 20 * x.mean((1, 2))
    task = Task.from_arrays(101325 + 1e-3 * x, y, kind="regression")
    run = fit(task, out=tmp_path / "run", **WRN)
    plain = fit(Task.from_arrays(x, 20 * x.mean((1, 2)), kind="regression"), out=tmp_path / "plain", **WRN)
    again = Run(tmp_path / "run").predict(101325 + 1e-3 * x)
    assert again.dtype == np.float64
    np.testing.assert_array_equal(again, run.predict(101325 + 1e-3 * x))
    np.testing.assert_allclose(again - 1.7e9, plain.predict(x), atol=1e-2)
    assert plain.predict(x).dtype == np.float32
    assert plain.net.x_mean.dtype == torch.float32
