"""`isthmus fit --data`: a run on the user's own files, repeated and resumed; of bad input, one line."""

import json

import numpy as np
import pytest
import yaml

from isthmus.tasks.custom import custom_task
from isthmus.training import Run

rng = np.random.default_rng(0)
X = rng.normal(size=(24, 2, 10)).astype(np.float32)
Y = np.array(["no", "yes"])[np.arange(24) % 2]
SHORT = ["--method", "nft", "--set", "epochs=1", "--set", "epoch_steps=1", "--set", "batch_size=4"]


@pytest.fixture
def fit(run, backbones):
    """Runs a short `isthmus fit`: fit(*words) -> (exit code, stdout, stderr)."""
    np.savez("my.npz", x_train=X, y_train=Y, x_test=X[:6], y_test=Y[:6])
    return lambda *words: run("fit", *SHORT, "--backbone", backbones["vit"], *words)


def describe(**values):
    with open("mine.yaml", "w") as file:
        yaml.safe_dump(values, file)


def test_a_run_has_the_name_of_the_file_and_the_fingerprint(fit, tmp_path):
    code, out, said = fit("--data", "my.npz")
    run = Run(tmp_path / "runs" / "my-nft-vit-0")
    assert code == 0
    assert "2 classes in the training data: no 12, yes 12" in said
    assert out == f"test error {run.test_error:.4f}  (runs/my-nft-vit-0)\n"
    assert (run.config.task, run.config.data.fingerprint) == ("my", custom_task("my.npz").fingerprint())
    assert set(run.predict(X)) <= {"no", "yes"}


def test_a_description_as_data_or_beside_it(fit, tmp_path):
    np.savetxt("table.csv", np.column_stack([np.arange(24), X[:, 0]]), delimiter=",")
    describe(data="table.csv", y=0, kind="regression", name="table of mine", hold_out=0.25)
    assert fit("--data", "mine.yaml", "--out", "a")[0] == 0
    result = json.loads((tmp_path / "a" / "result.json").read_text())
    assert (result["task"], result["metric"]) == ("table of mine", "rmse")
    assert result["error"] > 0
    np.savetxt("later.csv", np.column_stack([np.arange(24), -X[:, 0]]), delimiter=",")
    assert fit("--data", "later.csv", "--describe", "mine.yaml", "--out", "b")[0] == 0
    assert Run(tmp_path / "b").config.data.fingerprint == custom_task("later.csv", "mine.yaml").fingerprint()


def test_it_is_repeated_and_resumed_with_its_data(fit, run, tmp_path, refused):
    assert fit("--data", "my.npz", "--out", "a")[0] == 0
    assert "holds this run already, finished; give --resume" in refused(fit("--data", "my.npz", "--out", "a"))
    result = (tmp_path / "a" / "result.json").read_bytes()
    assert fit("--data", "my.npz", "--out", "a", "--resume")[0] == 0
    assert (tmp_path / "a" / "result.json").read_bytes() == result
    again = ["fit", "--config", "a/config.yaml", "--out", "b"]
    assert "the task 'my' of 'a/config.yaml' is not known by name; give its data: --data" in refused(
        run(*again)
    )
    assert run(*again, "--data", "my.npz")[0] == 0
    assert Run(tmp_path / "b").config == Run(tmp_path / "a").config
    assert Run(tmp_path / "b").test_error == Run(tmp_path / "a").test_error
    np.savez("my.npz", x=-X, y=Y)
    assert "its fingerprint is '" in refused(fit("--data", "my.npz", "--out", "a", "--resume"))
    assert "the data of 'my' has changed" in refused(run(*again[:3], "--out", "c", "--data", "my.npz"))


def test_a_run_cut_off_before_its_result_is_finished(fit, tmp_path):
    more = ["--data", "my.npz", "--set", "epochs=2", "--out"]
    assert fit(*more, "whole")[0] == fit(*more, "cut")[0] == 0
    (tmp_path / "cut" / "result.json").unlink()
    assert fit(*more, "cut", "--resume")[0] == 0
    assert Run(tmp_path / "cut").test_error == Run(tmp_path / "whole").test_error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data", "none.npz"], "there is no file or folder 'none.npz'"),
        (["--data", "notes.doc"], "'notes.doc' ends in '.doc'; give a folder or one of "),
        (["--data", "none.yaml"], "there is no file or folder 'none.yaml'"),
        (["--data", "my.npz", "--describe", "none.yaml"], "there is no file or folder 'none.yaml'"),
        (["--data", "mine.yaml", "--describe", "mine.yaml"], "both describe the data; give one of them"),
        (["--describe", "mine.yaml"], "'my.npz' holds no array 'signal'; it holds x_train, y_train, x_test"),
        (["digits", "--data", "my.npz"], "give the name of a task, or data of your own, not both: 'digits'"),
        (["--data", "my.npz", "--set", "epoch=1"], "unknown setting 'epoch'; did you mean 'epochs'?"),
        (["--data", "strange.npz"], "'strange.npz': y_test holds classes that y_train lacks: 'maybe'"),
    ],
)
def test_wrong_words(fit, tmp_path, words, message, refused):
    describe(data="my.npz", x="signal")
    np.savez("strange.npz", x_train=X, y_train=Y, x_test=X[:1], y_test=["maybe"])
    (tmp_path / "notes.doc").write_text("")
    before = sorted(tmp_path.iterdir())
    assert message in refused(fit(*words, "--out", "a"))
    assert sorted(tmp_path.iterdir()) == before
