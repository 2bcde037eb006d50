"""Cross-validation: nothing of a fold reaches its network, and the folds predict as one."""

import csv
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from isthmus import CrossValidation, Run, Task, cross_validate, custom_task, training
from isthmus.cross_validation import folds as looping
from isthmus.cross_validation.fold_tasks import fold_task, labelled
from isthmus.cross_validation.folds import plan_folds
from isthmus.floors import floors
from isthmus.tasks import Split
from isthmus.training.kept import read_arrays

FOLDS = 3
NAMES = np.array(["low", "middle", "high"])


def task_of(n: int = 18, test: int = 9) -> Task:
    rng, number = np.random.default_rng(0), np.arange(n + test) % 3
    x, y = rng.normal(size=(n + test, 12)) + number[:, None], NAMES[number]
    return Task.from_arrays(x[:n], y[:n], x[n:], y[n:], name="levels")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Files of these runs need not outlive a power cut."""
    monkeypatch.setattr("isthmus.files.flush_to_disk", lambda *_: None)


@pytest.fixture(scope="session")
def short(backbones):
    return {
        "method": "nft", "backbone": backbones["vit"], "embedder": "patch", "scale": "channel",
        "augment": None, "epochs": 1, "epoch_steps": 1, "batch_size": 4, "probe_samples": 0, "logger": "none",
    }  # fmt: skip


@pytest.fixture(scope="session")
def found(short, tmp_path_factory) -> CrossValidation:
    return cross_validate(task_of(), folds=FOLDS, out=tmp_path_factory.mktemp("cv") / "a", **short)


def table(folder) -> list[dict[str, str]]:
    with open(folder / "out_of_fold.csv") as file:
        return list(csv.DictReader(file))


def test_each_sample_is_predicted_by_the_network_that_has_not_seen_it(found):
    task, rows = task_of(), table(found.folder)
    assert [int(row["sample"]) for row in rows] == list(range(18))
    wrong = []
    for number, run in enumerate(found.runs, 1):
        held = np.array([int(row["sample"]) for row in rows if int(row["fold"]) == number])
        x, rest = task.train.x[held], np.setdiff1d(np.arange(18), held)
        assert [rows[i]["y"] for i in held] == run.predict(x).tolist()
        told = [[float(rows[i][f"p_{name}"]) for name in run.net.spec.classes] for i in held]
        np.testing.assert_allclose(told, run.predict_proba(x), atol=1e-6)
        scale = run.net.x_mean.numpy()  # of the samples that it trained on, four fifths of the rest
        assert not np.isclose(scale, task.train.x.mean())
        assert not np.isclose(scale, task.train.x[rest].mean())
        wrong.append(np.mean([rows[i]["y"] != rows[i]["true_y"] for i in held]))
        assert found.errors[number - 1] == pytest.approx(wrong[-1])
    assert [row["true_y"] for row in rows] == NAMES[np.arange(18) % 3].tolist()
    assert found.result.mean == pytest.approx(np.mean(wrong))
    assert found.result.std == pytest.approx(np.std(wrong, ddof=1))
    assert found.result.error == pytest.approx(np.mean([row["y"] != row["true_y"] for row in rows]))


def test_the_folds_predict_as_one_by_the_mean_of_their_probabilities(found):
    task = task_of()
    mean = np.mean([run.predict_proba(task.test.x) for run in found.runs], axis=0)
    np.testing.assert_allclose(found.predict_proba(task.test.x), mean, atol=1e-6)
    names = np.array(found.spec.classes)[mean.argmax(1)]
    assert found.predict(task.test.x).tolist() == names.tolist()
    assert found.test_error == pytest.approx(np.mean(mean.argmax(1) != task.test.y))
    assert found.result.test_samples == 9


def test_its_sets_and_temperature_go_by_out_of_fold_outputs(found):
    held = found.held_out
    assert held.output.shape == (18, 3)
    np.testing.assert_array_equal(held.y, task_of().train.y)
    scores = np.sort([1 - float(row[f"p_{row['true_y']}"]) for row in table(found.folder)])
    probabilities = found.predict_proba(task_of().test.x)
    sets = found.predict_set(task_of().test.x, 0.9)
    np.testing.assert_array_equal(sets, 1 - probabilities <= scores[17] + 1e-6)  # 18 of 19 are 0.9 or more
    assert found.predict_proba(task_of().test.x, calibrated=True).shape == (9, 3)


class Sealed:
    """Test samples that nobody may look at."""

    shape, dtype = (4, 1, 12), np.dtype(np.float32)

    def __getitem__(self, index):
        raise AssertionError("test data was read")


@pytest.mark.slow
def test_a_cut_off_cross_validation_goes_on_to_the_same_end_and_test_data_stays_sealed(
    found, short, tmp_path, monkeypatch
):
    whole, calls = task_of(), list[Task]()
    sealed = replace(whole, test=Split(Sealed(), np.zeros(4, dtype=np.int64)))
    for task in (sealed, whole):
        object.__setattr__(task, "_fingerprint", "same")  # which reads test data, to tell that it is the same

    def cut_off(task, **settings):
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(task)
        return training.fit(task, **settings)

    monkeypatch.setattr(looping, "fit", cut_off)
    asked = {"folds": FOLDS, "out": tmp_path / "b", **short}
    with pytest.raises(KeyboardInterrupt):
        cross_validate(sealed, **asked)
    monkeypatch.setattr(looping, "fit", training.fit)
    with pytest.raises(AssertionError, match="test data was read"):  # after the last fold
        cross_validate(sealed, **asked)
    done = sorted(path.stat().st_mtime_ns for path in (tmp_path / "b").glob("fold-*/result.json"))
    again = cross_validate(whole, **asked)
    assert done == sorted(path.stat().st_mtime_ns for path in (tmp_path / "b").glob("fold-*/result.json"))
    assert len(done) == FOLDS
    assert table(again.folder) == table(found.folder)
    assert again.result == found.result
    assert cross_validate(whole, **asked).result == again.result


@pytest.mark.slow
def test_missing_values_are_filled_in_by_each_fold_alone(tmp_path, short, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(24, 6)), columns=list("abcdef"))
    frame.loc[::5, "b"] = np.nan
    frame["who"] = [f"s{i:02}" for i in range(24)]
    frame["steps"] = rng.normal(size=24)
    frame.to_csv("soil.csv", index=False)
    task = custom_task("soil.csv", y="steps", id="who", x=list("abcdef"), fill="mean", hold_out=0.25)
    planned = plan_folds(task, folds=2, out="cv", **short)
    for number, (train, held) in enumerate(planned.pairs):
        part = planned.task_of(number)
        kept = frame.loc[[i for i in range(24) if f"s{i:02}" in set(task.origin.ids["who"][train])], "b"]
        filled = np.setdiff1d(part.test.x[:, 0, 1], frame["b"].to_numpy().astype(np.float32))
        np.testing.assert_allclose(filled, kept.mean(), rtol=1e-6)
        assert len(part.test) == len(held)
    found = cross_validate(task, folds=2, out="cv", floor=False, **short)
    rows = table(found.folder)
    assert [row["who"] for row in rows] == task.origin.ids["who"].tolist()
    assert list(rows[0]) == ["who", "fold", "true_steps", "steps"]
    expected = frame.set_index("who")["steps"]
    np.testing.assert_allclose(
        [float(r["true_steps"]) for r in rows], expected[[r["who"] for r in rows]], 1e-6
    )
    new = found.predict_file("soil.csv")
    each = [run.predict_file("soil.csv").values for run in found.runs]
    np.testing.assert_allclose(new.values, np.mean(each, 0), rtol=1e-5)
    fills = [run.description.fill for run in found.runs]
    assert fills[0] != fills[1]
    assert found.test_error > 0


def test_validation_data_of_its_own_is_labelled_data():
    task = task_of()
    whole = labelled(replace(task, validation=task.test))
    assert len(whole.train) == 27
    part = fold_task(whole, np.arange(20), np.arange(20, 27))
    np.testing.assert_array_equal(part.test.x, task.test.x[2:])
    np.testing.assert_array_equal(part.train.number(3), 3)


def test_time_is_respected_and_the_first_stretch_has_no_prediction(short, tmp_path):
    x, y = np.random.default_rng(0).normal(size=(20, 5)), np.arange(20.0)
    task = custom_task({"x": x, "y": y, "when": np.arange(20)}, kind="regression", time="when", split="time")
    found = cross_validate(task, folds=3, out=tmp_path / "cv", floor=False, **short)
    rows = table(found.folder)
    assert [float(row["true_y"]) for row in rows] == list(range(5, 20))
    arrays = read_arrays(found.folder / "out_of_fold.npz")
    assert arrays["output"].shape == (15, 1)
    assert arrays["index"].tolist() == list(range(5, 20))


def test_another_cross_validation_and_other_things_are_refused(found, short, tmp_path, refuses):
    with refuses("conflict", "epochs"):
        cross_validate(task_of(), folds=FOLDS, out=found.folder, **short | {"epochs": 2})
    with refuses("conflict", "folds"):
        cross_validate(task_of(), folds=2, out=found.folder, **short)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with refuses("conflict", tmp_path / "other"):
        cross_validate(task_of(), out=tmp_path / "other", **short)
    with refuses("conflict", "devices"):
        cross_validate(task_of(), out=tmp_path / "new", **short, devices=2)
    with refuses("value", "folds"):
        cross_validate(task_of(), folds=1, out=tmp_path / "new", **short)
    with refuses("file", tmp_path):
        print(CrossValidation(tmp_path).errors)
    assert not (tmp_path / "new").exists()
    with refuses("unknown", "strat"):
        cross_validate(task_of(), out=tmp_path / "new", method={"name": "nft", "strat": 1})
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "cross_validation.json").write_text(json.dumps({"task": "x"}))
    with refuses("file", tmp_path / "bad" / "cross_validation.json"):
        print(CrossValidation(tmp_path / "bad").errors)


def test_what_does_not_fit_the_network_leaves_no_folder_that_is_taken(short, tmp_path, refuses):
    with refuses("conflict", "image_size"):
        cross_validate(task_of(), folds=2, out=tmp_path / "new", **short, image_size=18)
    assert not (tmp_path / "new" / "cross_validation.yaml").exists()


@pytest.mark.slow
def test_on_the_command_line(run, refused, backbones, tmp_path, all_floors, monkeypatch):
    monkeypatch.setattr(floors, "_things", {"constant": all_floors["constant"]})
    x, y = task_of().train.x[:, 0], task_of().train.y
    np.savez("mine.npz", x_train=x, y_train=NAMES[y], x_test=x[:6], y_test=NAMES[y[:6]])
    short = ["--method", "nft", "--backbone", backbones["vit"], "--embedder", "patch", "--epochs", 1]
    words = ["fit", "--data", "mine.npz", *short, "--epoch-steps", 1, "--batch-size", 4, "--folds", 2]
    code, out, said = run(*words, "--dry-run")
    assert (code, said) == (0, "")
    assert "2 at random: 9 samples to train on, 9 held out" in " ".join(out.split())
    assert not (tmp_path / "runs").exists()
    code, out, said = run(*words, "--out", "cv")
    assert code == 0, said
    assert "all folds together: test error" in out
    assert out.count("constant 0.6667") == 2
    assert [words.strip() for words in run.suggested] == ["predict cv NEWFILE -o predictions.csv"]
    assert run("predict", "cv", "mine.npz", "-o", "new.csv", "--proba")[0] == 0
    predicted = pd.read_csv("new.csv")
    np.testing.assert_allclose(predicted["p_high"], CrossValidation("cv").predict_proba(x)[:, 0], atol=1e-6)
    assert run("predict", "cv/fold-1", "mine.npz", "-o", "one.csv")[0] == 0
    assert Run("cv/fold-1").test_error == pytest.approx(CrossValidation("cv").errors[0])
    assert "give a run of it" in refused(run("cite", "cv"))
