"""From a task to a finished run."""

import json
import logging
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from isthmus import CrossModalNet, Run, fit
from isthmus.config import RunConfig
from isthmus.tasks import Split
from isthmus.tasks.metrics import metrics
from isthmus.training.callbacks import BEST, LAST, read_rows
from isthmus.training.checkpoints import saved_weights
from isthmus.training.module import TrainingModule

SHORT = {"epochs": 2, "epoch_steps": 3, "batch_size": 4, "lr": 1e-3, "scale": "channel", "augment": None}
KINDS = ("classification", "multilabel", "number", "numbers", "field", "segmentation")
SERIES, PICTURES = (2, 20), (3, 8, 10)
METRICS = {"classification": "error", "multilabel": "1-map", "number": "rmse", "numbers": "rmse"}
METRICS |= {"field": "nrmse", "segmentation": "error"}
HOW = {  # text without a tokenizer cannot be mixed, and can be fine-tuned
    "swin": {"method": "pare", "source": "tiny-pictures"},
    "vit": {"method": "nft"},
    "bert": {"method": "nft"},
    "words": {"method": "pare", "source": "tiny-texts"},
}
CASES = [(k, s, b, "patch") for k in KINDS for s in (SERIES, PICTURES) for b in ("swin", "vit", "bert")]
CASES += [(k, SERIES, b, "picture") for k in ("classification", "numbers") for b in ("swin", "vit")]
CASES += [("multilabel", PICTURES, "swin", "picture"), ("field", PICTURES, "vit", "picture")]
CASES += [("classification", s, "words", "patch") for s in (SERIES, PICTURES)]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "shape", "backbone", "embedder"), CASES)
def test_every_kind_of_task_on_every_kind_of_backbone(
    kind, shape, backbone, embedder, make_task, backbones, tmp_path
):
    task, how = make_task(kind, shape), HOW[backbone]
    where = {"backbone": backbones[backbone], "embedder": embedder, "out": tmp_path / "run"}
    run = fit(task, **how, **where, seed=5, checkpoint="last", **SHORT)
    check_result(run, task, kind, how["method"], backbones[backbone])
    check_predictions(run, task)
    again = CrossModalNet.from_pretrained(run.folder / "model").state_dict()
    trained = run.net.state_dict()
    assert again.keys() == trained.keys()
    assert all(torch.equal(again[name], trained[name]) for name in trained)
    kept = saved_weights(run.folder / "checkpoints" / LAST)
    assert all(torch.equal(kept[name], trained[name]) for name in trained)


def check_result(run, task, kind, method, backbone):
    folder = run.folder
    assert {path.name for path in folder.iterdir()} - {"tensorboard"} == {
        "config.yaml", "result.json", "metrics.csv", "checkpoints", "model", "log.txt", "data.json",
        "samples.npz", "predictions.npz", "validation.npz",
    }  # fmt: skip
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {LAST, BEST}
    described = yaml.safe_load((folder / "config.yaml").read_text())
    assert set(described) == {"schema", *RunConfig.model_fields}
    assert {key for key, value in described.items() if value is None} == set()
    result = json.loads((folder / "result.json").read_text())
    assert result["versions"].keys() >= {"isthmus", "torch", "transformers", "lightning", "python"}
    asked = {"task": "tiny", "method": method, "backbone": backbone, "seed": 5, "epochs": 2, "steps": 6}
    assert asked.items() <= result.items()
    assert result["metric"] == METRICS[kind] == task.metric
    assert result["reference_error"] is None
    assert result["wall_s"] > 0
    metric = task.new_metric()
    metric.update(run.outputs(task.test.x), torch.from_numpy(task.test.y))
    assert run.test_error == result["error"] == pytest.approx(float(metric.compute()), rel=1e-5)
    rows = read_rows(folder / "metrics.csv")
    assert [(row["epoch"], row["step"]) for row in rows] == [(1, 3), (2, 6)]
    assert rows[-1].keys() >= {"lr", "loss", "train_error", "val_error", "val_loss"}
    assert ("k" in rows[-1]) == (method == "pare")
    assert result["validation_error"] == rows[-1]["val_error"]
    assert "test " in (folder / "log.txt").read_text()


def check_predictions(run, task):
    x = task.test.x
    run.net.train()  # as a user may leave it
    run.net.eval()
    with torch.no_grad():
        output = run.net(torch.from_numpy(x))
    predicted = Run(str(run.folder)).predict(x)
    np.testing.assert_array_equal(predicted, task.decode(output))
    assert len(predicted) == len(x)
    if task.kind == "regression":
        return
    probabilities = run.predict_proba(x)
    assert probabilities.shape == (len(x), task.output.channels, *task.output.size)
    if task.kind == "multilabel":
        np.testing.assert_array_equal(predicted, probabilities > 0.5)
    else:
        np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
        np.testing.assert_array_equal(predicted, np.asarray(task.classes)[probabilities.argmax(1)])


@pytest.fixture
def run_of(backbones, make_task, tmp_path):
    """A short run of its own folder: run_of(name, task, **settings)."""

    def go(name, task=None, **settings):
        backbone = backbones[settings.pop("backbone", "vit")]
        asked = {"method": "nft", **SHORT, **settings}
        if asked["method"] != "nft":
            asked = {"source": "tiny-pictures", **asked}
        return fit(task or make_task(), backbone=backbone, out=tmp_path / name, **asked)

    return go


def weights(run):
    return [
        (run.folder / "model" / name).read_bytes()
        for name in ("net.safetensors", "backbone/model.safetensors")
    ]


@pytest.mark.parametrize("method", ["nft", "pare"])
def test_it_learns(run_of, method):
    run = run_of("run", method=method, epochs=6, epoch_steps=10, lr=1e-2)
    rows = read_rows(run.folder / "metrics.csv")
    assert rows[-1]["loss"] < rows[0]["loss"] / 2
    assert run.test_error < 0.2  # of three classes


def test_a_seed_makes_a_run(run_of):
    once, twice, other = (
        run_of(name, method="pare", backbone="swin", seed=seed)
        for name, seed in [("a", 1), ("b", 1), ("c", 2)]
    )
    assert weights(once) == weights(twice)
    assert weights(once) != weights(other)
    assert (once.folder / "metrics.csv").read_bytes() == (twice.folder / "metrics.csv").read_bytes()


def test_global_random_states_stay(run_of):
    torch.manual_seed(7)
    before = torch.get_rng_state(), np.random.get_state(legacy=False)["state"]["key"].tolist()
    first = run_of("a", backbone="swin")
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == np.random.get_state(legacy=False)["state"]["key"].tolist()
    torch.manual_seed(8)
    assert weights(run_of("b", backbone="swin")) == weights(first)


def test_test_data_changes_the_error_alone(run_of, make_task):
    task = make_task()
    wrong = replace(task, test=Split(task.test.x, (task.test.y + 1) % 3))
    none = replace(task, test=None)
    runs = [run_of(name, one, epochs=6) for name, one in (("a", task), ("b", wrong), ("c", none))]
    assert weights(runs[0]) == weights(runs[1]) == weights(runs[2])
    figures = [(run.folder / "metrics.csv").read_bytes() for run in runs]
    assert figures[0] == figures[1] == figures[2]
    assert runs[0].test_error != runs[1].test_error
    assert runs[2].test_error is None


class Watched:
    """An array that writes down what is read of it, and when."""

    def __init__(self, array, seen):
        self.array, self.seen = array, seen
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, index):
        self.seen.append(("read", index.tolist()))
        return self.array[index]


def test_test_data_is_read_once_at_the_end(run_of, make_task, monkeypatch):
    task, seen = make_task(), list[tuple[str, object]]()
    watched = replace(task, test=Split(Watched(task.test.x, seen), task.test.y))
    step = TrainingModule.training_step
    monkeypatch.setattr(TrainingModule, "training_step", lambda *a: seen.append(("step", None)) or step(*a))
    run_of("run", watched)
    begun = seen.index(("step", None))  # before it, the data's fingerprint was taken
    assert seen[begun:] == [("step", None)] * 6 + [("read", list(range(10)))]


def test_without_validation_data(run_of):
    run = run_of("run", validation=0)
    assert "val_error" not in read_rows(run.folder / "metrics.csv")[0]
    assert [path.name for path in (run.folder / "checkpoints").iterdir()] == [LAST]
    assert run.result["validation_error"] is None


@pytest.mark.parametrize(
    ("errors", "losses", "best"),
    [
        ((0.5, 0.1, 0.4), (1, 1, 1), 2),
        ((0.5, 0.5, 0.5), (3, 2, 2), 2),  # the loss decides among equal errors, then the epoch
        ((float("nan"), 0.9, 0.9), (1, float("nan"), 5), 3),
    ],
)
def test_best_and_last_are_kept(run_of, monkeypatch, errors, losses, best):
    seen, no_probe = {}, {"probe_samples": 0}  # whose error would be compared with these

    def validate(module):
        epoch = module.current_epoch
        module.log("val_error", errors[epoch])
        module.log("val_loss", float(losses[epoch]))
        seen[epoch + 1] = {name: value.clone() for name, value in module.net.state_dict().items()}

    monkeypatch.setattr(TrainingModule, "on_validation_epoch_end", validate)
    for keep, epoch in (("last", 3), ("best", best)):
        run = run_of(keep, epochs=3, checkpoint=keep, **no_probe)
        for file, of in ((LAST, 3), (BEST, best)):
            kept = saved_weights(run.folder / "checkpoints" / file)
            assert all(torch.equal(kept[name], seen[of][name]) for name in kept)
        assert all(torch.equal(value, seen[epoch][name]) for name, value in run.net.state_dict().items())
        assert run.result["validation_error"] == pytest.approx(errors[epoch - 1])
    assert not torch.equal(seen[1]["target_predictor.weight"], seen[3]["target_predictor.weight"])


def test_a_finished_run_is_opened(run_of, monkeypatch):
    first = run_of("run")
    monkeypatch.setattr(sys.modules["isthmus.training.fit"], "train", None)
    assert run_of("run", resume=True).result == first.result


def test_resume_begins_a_run_that_is_not_there(run_of):
    assert weights(run_of("a", resume=True)) == weights(run_of("b"))


def test_its_config_makes_it_again(run_of):
    first = run_of("a", method={"name": "pare", "start": 0.4}, lr_scale={"embedder": 2.0})
    settings = first.config.flat(only_given=True)
    backbone, task = settings.pop("backbone"), settings.pop("task")
    assert task == "tiny"
    again = fit("tiny", backbone=backbone, out=first.folder.parent / "b", **settings)
    assert weights(again) == weights(first)
    assert again.config == first.config


def test_nothing_is_said_without_a_terminal(run_of, capfd, recwarn):
    run_of("run", method="pare", backbone="swin")
    assert capfd.readouterr() == ("", "")
    assert [str(warning.message) for warning in recwarn] == []
    assert logging.getLogger("isthmus").handlers == []


def test_a_loss_that_is_no_number_ends_the_run(run_of, tmp_path):
    with pytest.raises(ValueError, match=r"^the loss is nan in epoch \d; give a lower lr"):
        run_of("run", optimizer="sgd", lr=1e6, max_grad_norm=None, warmup_ratio=0, epochs=3)
    assert not (tmp_path / "run" / "result.json").exists()


def test_the_published_reading_of_a_metric_is_kept_beside_ours(make_task, backbones, tmp_path):
    task = replace(make_task("numbers"), reference="nrmse")
    settings = {"epochs": 1, "epoch_steps": 1, "batch_size": 4}
    run = fit(task, method="nft", backbone=backbones["vit"], out=tmp_path / "run", **settings)
    metric = metrics["nrmse"](task.output.channels)
    metric.update(run.outputs(task.test.x), torch.from_numpy(task.test.y))
    assert run.result["reference_error"] == pytest.approx(float(metric.compute()), rel=1e-5)
    assert run.result["reference_error"] != run.result["error"]
