"""A finished run, opened."""

import shutil

import numpy as np
import pytest

from isthmus import Run, fit
from isthmus.errors import InputError


@pytest.fixture(scope="module")
def finished(make_task, backbones, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    settings = {"method": "nft", "epochs": 1, "epoch_steps": 1, "batch_size": 4}
    return fit(make_task(), backbone=backbones["vit"], out=folder, **settings).folder


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def said(error) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_it_is_told_by_its_folder(finished):
    run = Run(str(finished))
    assert run == Run(finished)
    assert repr(run) == f"Run('{finished}', test_error={run.test_error})"
    assert run.config.task == run.result["task"] == "tiny"
    assert repr(Run(finished / "none")) == f"Run('{finished / 'none'}', unfinished)"


def test_predictions_of_a_list_of_series(finished, make_task):
    x = make_task().test.x
    run = Run(finished)
    np.testing.assert_array_equal(run.predict(list(x)), run.predict(x))
    assert len(run.predict([x[0][:, :7], x[1]])) == 2


def test_many_samples_are_taken_in_parts(finished):
    run, x = Run(finished), np.random.default_rng(0).normal(size=(130, 2, 20))
    np.testing.assert_allclose(run.outputs(x)[100:], run.outputs(x[100:]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((2, 3, 20)),
        np.zeros((2, 20)),
        np.full((1, 2, 20), np.nan),
        np.array(["a"]),
        np.zeros((0, 2, 20)),
    ],
)
def test_samples_that_do_not_fit(finished, x, refuses):
    with refuses("value", "x"):
        Run(finished).predict(x)


def test_numbers_have_no_probabilities(make_task, backbones, tmp_path, refuses):
    settings = {"method": "nft", "epochs": 1, "epoch_steps": 1, "batch_size": 4}
    run = fit(make_task("number"), backbone=backbones["vit"], out=tmp_path / "run", **settings)
    with refuses("value", "kind"):
        run.predict_proba(make_task().test.x)


def test_no_run(tmp_path):
    for part in ("config", "result", "net"):
        with pytest.raises(InputError) as error:
            getattr(Run(tmp_path / "none"), part)
        assert str(tmp_path / "none") in said(error)


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("result.json", "result"),
        ("config.yaml", "config"),
        ("model/net.json", "net"),
        ("model/net.safetensors", "net"),
        ("model/backbone/config.json", "net"),
        ("model/backbone/model.safetensors", "net"),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "foreign"])
def test_damaged_runs(folder, file, part, damage):
    path = folder / file
    whole = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"empty": b"", "cut": whole[:12], "foreign": b"\x80\x04 \xff {"}[damage])
    with pytest.raises(InputError) as error:
        getattr(Run(folder), part)
    assert str(folder) in said(error)


def test_weights_of_another_run(folder, make_task, backbones, tmp_path, refuses):
    settings = {"method": "nft", "epochs": 1, "epoch_steps": 1, "batch_size": 4}
    other = fit(
        make_task(shape=(3, 20)), backbone=backbones["vit"], out=tmp_path / "other", **settings
    ).folder
    shutil.copy(other / "model" / "net.safetensors", folder / "model")
    with refuses("file", folder / "model", upto="do not fit its net.json"):
        _ = Run(folder).net
