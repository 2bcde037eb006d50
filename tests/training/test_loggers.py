"""Figures of training in the libraries that people look at them with, read back by these libraries."""

import sys
from pathlib import Path

import pytest

from isthmus import fit
from isthmus.loggers import loggers
from isthmus.training.callbacks import read_rows

SHORT = {
    "method": "nft", "epochs": 2, "epoch_steps": 2, "batch_size": 4, "lr": 1e-3, "probe_samples": 0,
    "embedder": "patch", "scale": "channel", "augment": None, "floor": False,
}  # fmt: skip


@pytest.fixture
def tiny(backbones, make_task, tmp_path, monkeypatch):
    """Makes a run with a logger: tiny(logger, **more)."""
    monkeypatch.chdir(tmp_path)

    def make(logger, **more):
        return fit(
            make_task(), backbone=backbones["vit"], out=tmp_path / "run", logger=logger, **SHORT, **more
        )

    return make


def cut_off_in_testing(*_):
    raise KeyboardInterrupt


def test_none_leaves_nothing(tiny):
    folder = tiny("none").folder
    assert not {"tensorboard", "wandb", "logger.txt"} & {path.name for path in folder.iterdir()}
    assert (folder / "metrics.csv").exists()


def test_tensorboard_by_name(tiny):
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = tiny("tensorboard").folder
    events = reading.EventAccumulator(str(folder / "tensorboard")).Reload().Scalars("val_error")
    rows = read_rows(folder / "metrics.csv")
    assert [event.value for event in events] == pytest.approx([row["val_error"] for row in rows])


def test_mlflow_goes_on_with_a_resumed_run(tiny, monkeypatch):
    tracking = pytest.importorskip("mlflow.tracking")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    logger = {"name": "mlflow", "uri": "file:runs-of-mlflow", "experiment": "tiny ones"}
    with monkeypatch.context() as cut_off:
        cut_off.setattr(sys.modules["isthmus.training.fit"], "test_net", cut_off_in_testing)
        with pytest.raises(KeyboardInterrupt):
            tiny(logger)
    folder = tiny(logger, resume=True).folder
    client = tracking.MlflowClient("file:runs-of-mlflow")
    (run,) = client.search_runs([client.get_experiment_by_name("tiny ones").experiment_id])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "run")
    assert (run.data.params["method/name"], run.data.params["epochs"]) == ("nft", "2")
    for name in ("loss", "val_error", "val_loss", "train_error"):
        found = [figure.value for figure in client.get_metric_history(run.info.run_id, name)]
        assert found == pytest.approx([row[name] for row in read_rows(folder / "metrics.csv")])


@pytest.mark.slow
def test_weights_and_biases_offline(tiny):
    wandb = pytest.importorskip("wandb")
    folder = tiny({"name": "wandb", "project": "tiny-ones"}).folder
    (kept,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    assert kept.stem == f"run-{(folder / 'logger.txt').read_text().strip()}"
    content = kept.read_bytes()
    for text in (b"val_error", b"train_error", b"tiny-ones", b"epoch_steps"):
        assert text in content
    assert wandb.run is None  # what is next begins a run of its own


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb"])
def test_a_logger_that_is_not_installed(name, tiny, refuses, monkeypatch):
    monkeypatch.setattr("isthmus.extras.find_spec", lambda package: None)
    with refuses("dependency", name):
        tiny(name)
    assert not Path("run").exists()


def test_unknown_loggers_and_options(tiny, refuses, monkeypatch):
    with refuses("unknown", "comet"):
        tiny("comet")
    with refuses("unknown", "projekt"):
        tiny({"name": "wandb", "projekt": "x"})
    monkeypatch.setitem(sys.modules, "wandb", None)  # looking around imports no logger
    assert {*loggers} == {"auto", "mlflow", "tensorboard", "wandb"}
