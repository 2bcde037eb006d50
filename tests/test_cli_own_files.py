"""From a file to predictions on the command line: shown, described, fitted, predicted; names survive."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from isthmus.tasks.custom import custom_task
from isthmus.training import Run

rng = np.random.default_rng(0)
N = 40
LABELS = np.array(["no", "yes"])[np.arange(N) % 2]
SHORT = ["--method", "nft", "--set", "epochs=1", "--set", "epoch_steps=1", "--set", "batch_size=4"]
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(rng.normal(size=(N, 8)).round(4), columns=[str(400 + 2 * i) for i in range(8)])
    frame.insert(0, "sample_id", [f"s{i:02}" for i in range(N)])
    frame.insert(1, "date", pd.date_range("2024-01-31", periods=N).strftime("%Y-%m-%d"))
    frame.insert(2, "patient", np.arange(N) // 5)
    frame["label"] = LABELS
    frame.to_csv("soil.csv", index=False)
    return frame


@pytest.fixture
def fit(run: Command, frame: pd.DataFrame, backbones: dict[str, str]) -> Command:
    words = ["fit", *SHORT, "--backbone", backbones["vit"], "--data"]
    return lambda file="soil.csv", *more: run(*words, file, *more)


def test_what_was_understood_is_shown_and_nothing_is_written(
    run: Command, frame: pd.DataFrame, tmp_path: Path
) -> None:
    code, out, said = run("data", "show", "soil.csv", "--group", "patient")
    assert (code, said) == (0, "")
    shown = " ".join(out.split())
    for text in ("40", "'400..414'", "'label': classification", "no 20, yes 20", "samples 'sample_id'"):
        assert text in shown
    assert [path.name for path in tmp_path.iterdir()] == ["soil.csv"]


@pytest.mark.parametrize("suffix", ["png", "svg"])
@pytest.mark.parametrize("shape", [(3, 9), (12, 9), (3, 6, 5), (1, 6, 5)])
def test_a_picture_of_some_samples(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, shape: tuple[int, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("my.npz", x=rng.normal(size=(N, *shape)), y=LABELS)
    code, out, _ = run("data", "show", "my.npz", "--picture", f"new/my.{suffix}")
    assert code == 0
    assert out.endswith(f"picture of some samples: new/my.{suffix}\n")
    assert (tmp_path / "new" / f"my.{suffix}").stat().st_size > 1000


def test_a_description_that_is_written_is_read(run: Command, frame: pd.DataFrame, tmp_path: Path) -> None:
    code, out, said = run("data", "describe", "soil.csv", "--hold-out", "0.25")
    assert (code, said) == (0, "")
    (tmp_path / "mine.yaml").write_text(out)
    assert run("data", "describe", "soil.csv", "--hold-out", "0.25", "-o", "new/mine.yaml")[0] == 0
    assert custom_task("new/mine.yaml").fingerprint() == custom_task("mine.yaml").fingerprint()
    values = yaml.safe_load(out)
    assert (values["x"], values["group"], values["hold_out"]) == ("400..414", "patient", 0.25)
    assert custom_task("mine.yaml").fingerprint() == custom_task("soil.csv", hold_out=0.25).fingerprint()


def test_names_survive_from_fit_to_predictions(
    fit: Command, run: Command, frame: pd.DataFrame, tmp_path: Path
) -> None:
    code, out, said = fit("soil.csv", "--hold-out", "0.25", "--out", "a")
    assert code == 0
    assert out.startswith("test error")
    assert "'sample_id' names the samples" in said  # before training
    kept = yaml.safe_load((tmp_path / "a" / "description.yaml").read_text())
    assert kept["x"] == [str(400 + 2 * i) for i in range(8)]
    assert "data" not in kept
    assert "patient" in (tmp_path / "a" / "log.txt").read_text()
    expected = Run("a").predict(frame[kept["x"]].to_numpy())
    new = frame[::-1]  # other rows and columns in another order, without targets, groups and dates
    new[["sample_id", *kept["x"][::-1]]].to_csv("new.csv", index=False)
    assert run("predict", "a", "new.csv", "-o", "new/p.csv", "--proba") == (
        0,
        f"{N} predictions in new/p.csv\n",
        "",
    )
    predicted = pd.read_csv("new/p.csv")
    assert list(predicted) == ["sample_id", "label", "p_no", "p_yes"]
    assert predicted["sample_id"].tolist() == new["sample_id"].tolist()
    assert predicted["label"].tolist() == expected[::-1].tolist()
    np.testing.assert_allclose(predicted["p_no"] + predicted["p_yes"], 1, rtol=1e-6)
    assert run("predict", "a", "soil.csv", "-o", "whole.npz")[0] == 0  # with targets
    with np.load("whole.npz") as arrays:
        assert arrays["id"].tolist() == frame["sample_id"].tolist()
        assert arrays["prediction"].tolist() == expected.tolist()
    frame[kept["x"]].to_csv("bare.csv", index=False, header=False)
    np.savez("bare.npz", x=frame[kept["x"]].to_numpy())
    np.save("bare.npy", frame[kept["x"]].to_numpy())
    for name in ("bare.csv", "bare.npy", "bare.npz"):
        assert run("predict", "a", name, "-o", "bare_p.csv")[0] == 0
        assert pd.read_csv("bare_p.csv")["label"].tolist() == expected.tolist()


def test_new_files_that_do_not_fit(
    fit: Command, run: Command, frame: pd.DataFrame, refused: Callable[..., str], tmp_path: Path
) -> None:
    assert fit("soil.csv", "--out", "a")[0] == 0
    frame.drop(columns="406").to_csv("less.csv", index=False)
    frame.assign(**{"406": "high"}).to_csv("words.csv", index=False)
    before = sorted(tmp_path.iterdir())
    for file, message in (
        ("less.csv", "'less.csv' holds no column '406'"),
        ("words.csv", "the column '406' of 'words.csv' holds text, as 'high'"),
        ("none.csv", "there is no file or folder 'none.csv'"),
    ):
        assert message in refused(run("predict", "a", file, "-o", "p.csv"))
    (tmp_path / "a" / "description.yaml").write_text("x: [")
    line = refused(run("predict", "a", "soil.csv", "-o", "p.csv"), upto="cannot be read as")
    assert "'a/description.yaml'" in line
    assert sorted(tmp_path.iterdir()) == before


def test_layout_fill_and_windows_are_remembered(
    run: Command, backbones: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    x = rng.normal(size=(6, 30, 2))
    x[1, 3, 0] = np.nan
    np.savez("my.npz", x=x, y=np.arange(6) % 2, who=np.arange(6))
    words = [
        "--fill",
        "mean",
        "--window",
        "10",
        "--id",
        "who",
        "--layout",
        "channels_last",
        "--validation",
        "0",
    ]
    code, _, said = run(
        "fit", *SHORT, "--backbone", backbones["vit"], "--data", "my.npz", *words, "--out", "a"
    )
    assert code == 0
    assert "1 missing value of x in the training data: filled in by mean" in said
    kept = yaml.safe_load((tmp_path / "a" / "description.yaml").read_text())
    assert kept["fill"] == pytest.approx(np.nanmean(x, (0, 1)).tolist())
    filled = np.where(np.isnan(x), kept["fill"], x).transpose(0, 2, 1)
    windows = np.stack([filled[i, :, start : start + 10] for i in range(6) for start in (0, 10, 20)])
    expected = Run("a").predict(windows)
    assert run("predict", "a", "my.npz", "-o", "p.csv")[0] == 0
    predicted = pd.read_csv("p.csv")
    assert list(predicted) == ["who", "first", "y"]
    assert predicted["who"].tolist() == np.repeat(np.arange(6), 3).tolist()
    assert predicted["first"].tolist() == [0, 10, 20] * 6
    assert predicted["y"].tolist() == expected.tolist()
    np.save("new.npy", x)
    assert run("predict", "a", "new.npy", "-o", "q.csv")[0] == 0
    assert pd.read_csv("q.csv")["y"].tolist() == expected.tolist()


def test_several_targets_have_their_names(
    fit: Command, run: Command, frame: pd.DataFrame, backbones: dict[str, str]
) -> None:
    frame.assign(Brix=rng.normal(size=N), acid=rng.normal(size=N)).to_csv("fruit.csv", index=False)
    assert fit("fruit.csv", "--y", "Brix,acid", "--drop", "label", "--out", "a")[0] == 0
    assert run("predict", "a", "fruit.csv", "-o", "p.csv")[0] == 0
    assert list(pd.read_csv("p.csv")) == ["sample_id", "Brix", "acid"]


def test_the_description_of_a_run_describes_other_data(fit: Command, tmp_path: Path) -> None:
    assert fit("soil.csv", "--hold-out", "0.25", "--out", "a")[0] == 0
    assert fit("soil.csv", "--describe", "a/description.yaml", "--out", "b")[0] == 0
    assert Run("a").config.data == Run("b").config.data


def test_a_dry_run_says_what_will_run_and_writes_nothing(fit: Command, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    code, out, said = fit("soil.csv", "--dry-run")
    assert code == 0
    rows = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert rows["run"].startswith("method nft, backbone")
    assert rows["training"] == "30 samples, 10 for validation"
    assert rows["steps"] == "1 epochs of 1 steps, 4 samples each"
    assert rows["time"].startswith("about ")
    assert "'label': classification" in said
    assert sorted(tmp_path.iterdir()) == before


def test_a_dry_run_of_a_task_and_of_a_method_without_steps(run: Command, tmp_path: Path) -> None:
    code, out, said = run("fit", "digits", "--method", "rocket", "--dry-run")
    assert (code, said) == (0, "")
    assert "not known: rocket learns in one call" in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["digits", "--y", "label"], "--y describes data of your own; give its file: --data FILE"),
        (["--data", "soil.csv", "--y", "lable"], "'soil.csv' holds no column 'lable'"),
        (["--data", "soil.csv", "--window", "[3"], "'--window' is no value: '[3' is not YAML"),
        (["--data", "soil.csv", "--window", "many"], "the setting 'window' is 'many'"),
        (["--data", "soil.csv", "--split-seed", "-1"], "the setting 'seed' is -1"),
        (["--data", "soil.csv", "--fill", "median"], "unknown fill 'median'"),
        (["--data", "soil.csv", "--x", "1..2"], "no column of 'soil.csv' lies in '1..2'"),
    ],
)
def test_wrong_words(
    run: Command, frame: pd.DataFrame, words: list[str], message: str, refused: Callable[..., str]
) -> None:
    assert message in refused(run("fit", *words, "--out", "a"))


def test_wrong_pictures(run: Command, frame: pd.DataFrame, refused: Callable[..., str]) -> None:
    assert "'a.bmp' ends in '.bmp'" in refused(run("data", "show", "soil.csv", "--picture", "a.bmp"))


@pytest.mark.slow
def test_a_grid_goes_on_from_its_folder(
    run: Command, frame: pd.DataFrame, backbones: dict[str, str], tmp_path: Path, refused: Callable[..., str]
) -> None:
    few = [
        "--methods",
        "nft",
        "--seeds",
        "1",
        "--processes",
        "1",
        "--backbones",
        backbones["vit"],
        *SHORT[2:],
    ]
    (tmp_path / "mine.yaml").write_text("data: soil.csv\nhold_out: 0.25\n")
    grid = ["compare", "--data", "mine.yaml", *few, "--out", "grid"]
    code, out, said = run(*grid, "--dry-run")
    assert code == 0
    assert "1, of which 0 are finished" in out
    assert "'label': classification" in said
    assert not (tmp_path / "grid").exists()
    assert run(*grid)[0] == 0
    (run_folder,) = (tmp_path / "grid" / "runs" / "soil").iterdir()
    (run_folder / "result.json").unlink()
    assert run("compare", "--out", "grid")[0] == 0
    assert (run_folder / "result.json").exists()
    assert run("inspect", run_folder, "--data", "soil.csv")[0] == 0
    (tmp_path / "soil.csv").rename(tmp_path / "moved.csv")
    assert "'grid' compares on data of your own" in refused(run("compare", "--out", "grid"))
