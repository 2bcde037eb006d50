"""The command line: what it says and with which code it ends."""

import csv
import subprocess
import sys

import numpy as np
import pytest
import yaml

from isthmus import cli
from isthmus.tasks import Task, TaskEntry, tasks
from isthmus.training import Run

rng = np.random.default_rng(0)
X = rng.normal(size=(24, 2, 10)).astype(np.float32)
Y = np.array(["no", "yes, surely"])[np.arange(24) % 2]
NAN = np.where(np.arange(10) == 4, np.nan, X)
SHORT = ["--method", "nft", "--set", "epochs=1", "--set", "epoch_steps=1", "--set", "batch_size=4"]


@pytest.fixture
def task(monkeypatch):
    """Gives the task 'tiny' other data: task(x_train, y_train, x_test, y_test)."""
    list(tasks)  # what is registered must be there first

    def data(*arrays):
        entry = TaskEntry(
            name="tiny", about="", kind="", load=lambda root: Task.from_arrays(*arrays, name="tiny")
        )
        monkeypatch.setitem(tasks._things, "tiny", entry)

    data(X, Y, X, Y)
    return data


@pytest.fixture
def finished(task, run, backbones, tmp_path):
    assert run("fit", "tiny", *SHORT, "--backbone", backbones["vit"], "--out", "done")[0] == 0
    return tmp_path / "done"


def test_fit_says_the_error_and_the_folder(task, run, backbones, tmp_path):
    code, out, said = run("fit", "tiny", *SHORT, "--backbone", backbones["vit"], "--seed", "3")
    folder = tmp_path / "runs" / "tiny-nft-vit-3"
    assert (code, said) == (0, "")
    assert out == f"test error {Run(folder).test_error:.4f}  (runs/tiny-nft-vit-3)\n"
    assert run.suggested == [
        "report runs/tiny-nft-vit-3\n",
        "predict runs/tiny-nft-vit-3 NEWFILE -o predictions.csv\n",
    ]
    assert Run(folder).config.seed == 3


def test_without_test_data(task, run, backbones):
    task(X, Y)
    assert (
        run("fit", "tiny", *SHORT, "--backbone", backbones["vit"], "--out", "a")[1] == "no test data  (a)\n"
    )


def test_settings_in_a_file_and_over_it(task, run, backbones, tmp_path):
    settings = {"task": "tiny", "method": "nft", "backbone": backbones["vit"], "epochs": 1, "epoch_steps": 1}
    settings |= {"batch_size": 4, "seed": 1}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    more = ["--seed", "2", "--set", "batch_size=5", "--set", "lr=1e-3", "--set", "precision=32"]
    assert run("fit", "--config", "mine.yaml", *more, "--out", "a")[0] == 0
    config = Run(tmp_path / "a").config
    assert (config.seed, config.data.batch_size, config.optim.lr, config.runtime.precision) == (
        2,
        5,
        1e-3,
        "32",
    )
    assert run("fit", "--config", "a/config.yaml", "--out", "b")[0] == 0
    assert Run(tmp_path / "b").config == config
    assert run("fit", "--config", "a/config.yaml", "--out", "b", "--resume")[0] == 0


@pytest.mark.parametrize("form", [".npy", ".npz"])
def test_predict(finished, run, tmp_path, form):
    np.save("x.npy", X)
    np.savez("x.npz", x=X, y=Y)
    assert run("predict", "done", f"x{form}", "-o", "out/y.csv") == (0, "24 predictions in out/y.csv\n", "")
    predicted = Run(finished).predict(X)
    with open(tmp_path / "out/y.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["sample", "y"], *([str(i), label] for i, label in enumerate(predicted))]
    assert run("predict", "done", f"x{form}", "--output", "y.npy")[0] == 0
    np.testing.assert_array_equal(np.load("y.npy"), predicted)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((NAN, Y), "x_train holds 48 NaN or infinite values, the first at [0, 0, 4]"),
        ((X, Y, X[:, :1], Y), "x_test has samples of shape [1, 10]; the task takes [2, 10]"),
        ((X, Y, X[:, None, None], Y), "x_test has shape [24, 1, 1, 2, 10]"),
        ((X[:3], Y[:3], X[:2], ["no", "maybe"]), "y_test holds classes that y_train lacks: 'maybe'"),
        ((X[:1], Y[:1], X[:2], Y[:2]), "y_train has fewer samples, 1, than there are classes, 2"),
        ((X, ["no"] * 24), "y_train holds one class only, 'no'"),
        ((X[:0], Y[:0]), "x_train is empty"),
        ((X, Y, X[:0], Y[:0]), "x_test is empty"),
        ((X[:2], Y[:2]), "too few samples to cut validation data from"),
    ],
)
def test_wrong_data(task, run, backbones, tmp_path, arrays, message, refused):
    task(*arrays)
    assert message in refused(run("fit", "tiny", *SHORT, "--backbone", backbones["vit"], "--out", "a"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--method", "parre"], "unknown method 'parre'; did you mean 'pare'?"),
        (["--embedder", "pach"], "unknown embedder 'pach'; did you mean 'patch'?"),
        (
            ["--method", "pare", "--source", "procedual"],
            "unknown source 'procedual'; did you mean 'procedural'?",
        ),
        (
            ["--set", "method=pare", "--set", "method.start=1.5"],
            "start is 1.5; a fraction k/L lies in [0, 1]",
        ),
        (["--set", "epoch=3"], "unknown setting 'epoch'; did you mean 'epochs'?"),
        (["--set", "out=3"], "unknown setting 'out'"),
        (["--set", "epochs"], "'epochs' sets nothing"),
        (["--set", "epochs=[1"], "'epochs=[1' sets no value"),
        (["--set", "epochs=many"], "the setting 'epochs' is 'many': input should be a valid integer"),
        (["--seed", "-1"], "the setting 'seed' is -1"),
        (["--seed", "x"], "the setting 'seed' is 'x': input should be a valid integer"),
        (["--devices", "30"], "30 devices are more than the 5 validation samples"),
        (["--set", "batch_size=99"], "the batch of 99 is larger than the training split of 19 samples"),
        (["--backbone", "./none"], "there is no folder './none'"),
        (["--config", "none.yaml"], "there is no file or folder 'none.yaml'"),
        (["--config", "."], "'.'"),
        (["--bogus"], "No such option: --bogus"),
        (["--out"], "'--out' requires an argument"),
        (["more"], "unexpected extra argument"),
    ],
)
def test_wrong_words(task, run, backbones, tmp_path, words, message, refused):
    backbone = [] if "--backbone" in words else ["--backbone", backbones["vit"]]
    out = [] if "--out" in words else ["--out", "a"]
    assert message in refused(run("fit", "tiny", *SHORT, *backbone, *out, *words))
    assert list(tmp_path.iterdir()) == []


def test_unknown_task(run, refused):
    assert "unknown task 'ArowHead'; did you mean 'ArrowHead'?" in refused(run("fit", "ArowHead"))
    assert "give the name of a task" in refused(run("fit"))


def test_wrong_settings_in_a_file(run, tmp_path, refused):
    (tmp_path / "mine.yaml").write_text("task: tiny\nepoch: 3\n")
    assert "unknown setting 'epoch'; did you mean 'epochs'?" in refused(run("fit", "--config", "mine.yaml"))


def test_an_output_folder_that_is_taken(finished, run, backbones, tmp_path, refused):
    words = ["fit", "tiny", *SHORT, "--backbone", backbones["vit"], "--out"]
    assert "holds this run already, finished; give --resume to open it" in refused(run(*words, "done"))
    assert "holds another run: its seed is 0, and 1 was" in refused(run(*words, "done", "--seed", "1"))
    assert "'done/log.txt' is not a folder" in refused(run(*words, "done/log.txt"))
    assert "cannot make the folder '/proc/run'" in refused(run(*words, "/proc/run"))
    assert "'.' is not empty and holds no run" in refused(run(*words, "."))


def test_wrong_predictions(finished, run, tmp_path, refused):
    np.save("x.npy", X)
    np.save("wide.npy", X[:, :1])
    np.save("pickle.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (tmp_path / "x.doc").write_text("1")
    before = {path.name for path in tmp_path.iterdir()}
    for words, message in (
        (
            ["none", "x.npy", "-o", "y.csv"],
            "'none' is not the folder of a finished run: it has no result.json",
        ),
        (["done", "none.npy", "-o", "y.csv"], "there is no file or folder 'none.npy'"),
        (["done", "x.doc", "-o", "y.csv"], "'x.doc' ends in '.doc'"),
        (
            ["done", "pickle.npy", "-o", "y.csv"],
            "'pickle.npy' holds objects or records; save numbers or text",
        ),
        (["done", "wide.npy", "-o", "y.csv"], "x has samples of shape [1, 10]; the task takes [2, 10]"),
        (
            ["done", "x.npy", "-o", "new/y.xls"],
            "'new/y.xls' ends in '.xls'; give one of .csv, .parquet, .npz, .npy",
        ),
        (["done", "x.npy", "-o", "done"], "'done' ends in ''"),
        (["done", "wide.npy", "-o", "new/y.csv"], "x has samples of shape"),
        (["done", "x.npy", "-o", "/proc/y.csv"], "'/proc"),
        (["done", "x.npy"], "Missing option '--output'"),
        (["done"], "Missing argument 'input'"),
    ):
        assert message in refused(run("predict", *words))
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_fault_of_ours_is_not_hidden(task, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["isthmus", "fit", "tiny"])
    monkeypatch.setattr("isthmus.config.make_config", lambda values: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.mark.parametrize("what", ["tasks", "methods", "backbones", "embedders", "mixers", "sources"])
def test_list(run, what):
    code, out, said = run("list", what)
    assert (code, said) == (0, "")
    known = {"tasks": "ArrowHead", "methods": "pare", "backbones": "swin-micro", "embedders": "picture"}
    assert known.get(what, {"mixers": "gate", "sources": "procedural"}.get(what)) in out


def test_list_of_something_else(run, refused):
    assert "unknown kind of thing to list 'task'; did you mean 'tasks'?" in refused(run("list", "task"))
    assert "Missing argument 'what'; see isthmus list --help" in refused(run("list"))
    assert "No such command 'lst'" in refused(run("lst"))


def test_pretrain_checks_its_recipe(run, tmp_path, refused):
    assert "unknown option of the recipe 'swin-micro' 'epoch'" in refused(
        run("pretrain", "--out", "a", "--set", "epoch=1")
    )
    assert "is 'x': input should be a valid integer" in refused(
        run("pretrain", "--out", "a", "--set", "epochs=x")
    )
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_command(run):
    code, out, said = run("--help")
    assert (code, said) == (0, "")
    for command in ("list", "fit", "predict", "pretrain", "demo"):
        assert command in out


def test_it_is_a_module_too():
    said = subprocess.run([sys.executable, "-m", "isthmus", "nope"], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (2, "")
    assert "No such command 'nope'" in said.stderr
