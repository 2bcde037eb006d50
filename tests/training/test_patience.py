"""Early stopping, and Lightning's own callbacks beside those of isthmus."""

import sys
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lightning.pytorch.callbacks import EarlyStopping, LambdaCallback

from isthmus import fit
from isthmus.training.callbacks import BEST, LAST, Checkpoints, read_rows
from isthmus.training.checkpoints import saved_weights

SHORT = {
    "method": "nft", "epoch_steps": 2, "batch_size": 4, "probe_samples": 0, "embedder": "patch",
    "scale": "channel", "augment": None, "floor": False, "logger": "none",
}  # fmt: skip


@pytest.fixture
def tiny(backbones, make_task, tmp_path):
    def make(**more):
        return fit(make_task(), backbone=backbones["vit"], out=tmp_path / "run", **SHORT | more)

    return make


def train(folder, patience, ranks):
    """Return the number of epochs that are trained, and the one of which the best weights are."""
    saved: dict[str, int] = {}
    trained: list[float] = []
    trainer = SimpleNamespace(
        should_stop=False,
        callback_metrics={},
        save_checkpoint=lambda path: saved.update({path.name: len(trained)}),
    )
    checkpoints = Checkpoints(folder, patience)
    for error, loss in ranks:
        again = Checkpoints(folder, patience)  # as if every epoch were another process
        again.load_state_dict(checkpoints.state_dict())
        again.on_fit_start(trainer, None)
        if trainer.should_stop:
            break
        trained.append(error)
        trainer.callback_metrics = {"val_error": error, "val_loss": loss}
        again.on_train_epoch_end(trainer, None)
        assert saved[LAST] == len(trained)
        checkpoints = again
    return len(trained), saved[BEST]


few = st.sampled_from([0.0, 0.5, 1.0, float("nan")])


@given(ranks=st.lists(st.tuples(few, few), min_size=1, max_size=12), patience=st.integers(1, 4))
def test_it_stops_so_many_epochs_after_the_best(ranks, patience, tmp_path_factory):
    def place(rank):
        return tuple(float("inf") if value != value else value for value in rank)

    best, last = 0, 0
    for last in range(len(ranks)):
        if place(ranks[last]) < place(ranks[best]):
            best = last
        if last - best == patience:
            break
    assert train(tmp_path_factory.getbasetemp(), patience, ranks) == (last + 1, best + 1)


def test_a_run_that_learns_nothing_stops_and_ends_with_its_best_weights(tiny, monkeypatch, tmp_path):
    asked = {"epochs": 9, "lr": 1e-30, "patience": 2, "checkpoint": "best"}
    with monkeypatch.context() as cut_off:
        cut_off.setattr(sys.modules["isthmus.training.fit"], "test_net", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tiny(**asked)
    before = read_rows(tmp_path / "run" / "metrics.csv")
    assert [row["epoch"] for row in before] == [1, 2, 3]
    run = tiny(**asked, resume=True)
    assert read_rows(run.folder / "metrics.csv") == before  # nothing is trained any more
    assert run.result["epochs"] == 3
    kept, weights = saved_weights(run.folder / "checkpoints" / BEST), run.net.state_dict()
    assert all(torch.equal(kept[name], weights[name]) for name in weights)


def test_patience_needs_validation_data(tiny, refuses, tmp_path):
    with refuses("conflict", "patience"):
        tiny(patience=2, validation=0)
    assert not (tmp_path / "run").exists()


def test_callbacks_of_lightning_are_called(tiny):
    seen = []
    look = LambdaCallback(on_train_epoch_end=lambda trainer, module: seen.append(trainer.current_epoch))
    stop = EarlyStopping("val_error", patience=1, min_delta=10.0)
    run = tiny(epochs=5, lr=1e-3, callbacks=[look, stop])
    assert seen == [0, 1]
    assert stop.stopped_epoch == 1
    assert len(read_rows(run.folder / "metrics.csv")) == 2


def test_a_method_without_steps_takes_no_callbacks(make_task, refuses, tmp_path):
    with refuses("conflict", "callbacks"):
        fit(make_task(), method="xgboost", callbacks=[LambdaCallback()], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
