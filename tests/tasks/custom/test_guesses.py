"""What is guessed of files as people write them: applied and told, or only told, or asked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isthmus.config.description import Description
from isthmus.tasks import Task
from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.column_guesses import empty_columns, words
from isthmus.tasks.custom.contents import Table

rng = np.random.default_rng(0)
N = 90
K = np.arange(N) % 3
WORDS = np.array(["ash", "birch", "cedar"])[K]
X = np.cumsum(rng.normal(size=(N, 12)), 1).round(3)
WAVES = [str(900 + 5 * i) for i in range(12)]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(before: dict[str, Any], after: dict[str, Any], names: list[str] = WAVES, **keys: Any) -> Task:
    """Write named columns before and after the series, and load them."""
    frame = pd.concat([pd.DataFrame(before), pd.DataFrame(X, columns=names), pd.DataFrame(after)], axis=1)
    frame.to_csv("my.csv", index=False)
    return custom_task("my.csv", **keys)


def arrays(x: Any, y: Any, **keys: Any) -> Task:
    np.savez("my.npz", x=x, y=y)
    return custom_task("my.npz", **keys)


def told(task: Task) -> str:
    return " | ".join(task.origin.understood.guesses)


def test_nothing_is_guessed_of_what_is_plain() -> None:
    assert told(table({}, {"label": WORDS})) == ""
    assert told(arrays(X, WORDS)) == ""
    assert told(arrays(rng.normal(size=(N, 2, 12)), K)) == ""


def test_y_by_its_name_or_in_front_of_a_series() -> None:
    for task in (table({"Class": K + 1}, {}), table({"variety": WORDS}, {})):
        assert (task.input_shape, task.n_classes) == ((1, 12), 3)
        np.testing.assert_allclose(task.train.x[:, 0], X, rtol=1e-6)
        assert "--y '955'" in told(task)
    pd.DataFrame({"0": K} | dict(zip(WAVES, X.T, strict=True))).to_csv("ucr.csv", index=False, header=False)
    task = custom_task("ucr.csv")
    assert (task.kind, task.input_shape) == ("classification", (1, 12))


def test_two_columns_that_may_be_y_are_asked_about(refuses: Callable[..., Any]) -> None:
    brix = rng.normal(12, 2, N).round(1)
    with refuses("conflict", "y"):
        table({"variety": WORDS}, {"Brix": brix})
    assert table({"variety": WORDS}, {"Brix": brix}, y="Brix").kind == "regression"
    task = table({"variety": WORDS}, {"Brix": brix}, y="variety", drop="Brix")
    assert (task.kind, task.input_shape, told(task)) == ("classification", (1, 12), "")
    task = table({"cultivar": K}, {"proline": rng.permutation(2000)[:N]})
    assert "'cultivar' may be classes as well: --y 'cultivar'" in told(task)
    for name in ("subject", "time", "id"):
        with refuses("missing", "y"):
            table({}, {name: K})


def test_names_of_samples_are_no_input() -> None:
    numbers = {"Sample ID": [f"s{i}" for i in range(N)], "No.": np.arange(1, N + 1)}
    task = table(numbers, {"label": WORDS})
    assert task.input_shape == (1, 12)
    assert task.origin.description.id == "Sample ID"
    assert task.origin.description.drop == ("No.",)
    task = table({"run": np.arange(7, N + 7)}, {"label": WORDS})
    assert (task.input_shape, task.origin.description.id) == ((1, 12), "run")
    task = table({"run": np.arange(N)}, {"label": WORDS}, x=("run", "900"))
    assert task.input_shape == (1, 2)  # what is asked for by name is taken


def test_empty_columns_are_no_input() -> None:
    columns = {"a": X[:, 0], "note": np.full(N, ""), "b": np.full(N, np.nan), "y": K}
    assert empty_columns(Description(data=Path("my.csv")), columns).change == {"drop": ("note", "b")}


def test_repeated_names_are_groups() -> None:
    task = table({"sample": np.repeat(np.arange(30), 3)}, {"label": WORDS}, hold_out=0.2)
    assert (task.input_shape, task.origin.description.group) == ((1, 12), "sample")
    assert "--split random" in told(task)
    task = table({"patient": np.arange(N) % 2}, {"label": WORDS})
    assert task.input_shape == (1, 13)
    assert "--group 'patient'" in told(task)


def test_times_and_words_are_no_input() -> None:
    dates = pd.date_range("2024-01-31", periods=N).strftime("%Y-%m-%d")
    task = table({"measured": dates, "operator": WORDS[::-1]}, {"Brix": X[:, 0] * 2 + X[:, 1] + 0.5})
    assert task.input_shape == (1, 12)
    assert task.origin.description.time == "measured"
    assert "'operator' holds text" in told(task)


def test_columns_that_tell_y_or_rise_are_told_of() -> None:
    assert "--drop 'code'" in told(table({}, {"code": 10 * K, "label": WORDS}))
    brix = rng.normal(12, 2, N)
    assert "'Brix F' tells 'Brix' alone" in told(table({"Brix F": brix * 1.8 + 32}, {"Brix": brix}, y="Brix"))
    assert "'dose' rises with the row" in told(table({"dose": np.arange(N) ** 1.5}, {"label": WORDS}))


def test_rows_of_a_recording_are_told_of() -> None:
    steps = np.cumsum(rng.normal(size=(600, 3)), 0)
    labels = np.repeat(rng.integers(0, 3, 12), 50)
    frame = pd.DataFrame(steps, columns=["ax", "ay", "az"]).assign(activity=labels)
    frame.to_csv("my.csv", index=False)
    assert "--layout rows_are_time --window 100" in told(custom_task("my.csv"))
    assert "--layout rows_are_time --window 100" in told(arrays(steps, labels))
    shuffled = rng.permutation(600)
    assert told(arrays(steps[shuffled], labels[shuffled])) == ""


@pytest.mark.parametrize(
    ("shape", "read_as", "flag"),
    [
        ((N, 60, 3), (3, 60), "--layout channels_first"),
        ((N, 60, 1), (1, 60), "--layout channels_first"),
        ((N, 8, 8), (1, 8, 8), "--layout channels_first"),
        ((N, 9, 7, 3), (3, 9, 7), "--layout channels_first"),
        ((N, 24, 20), (24, 20), "--layout pictures"),
        ((N, 9, 8, 5), (9, 8, 5), "--layout channels_last"),
        ((N, 3, 60), (3, 60), ""),
        ((N, 3, 9, 7), (3, 9, 7), ""),
    ],
)
def test_axes(shape: tuple[int, ...], read_as: tuple[int, ...], flag: str) -> None:
    x = rng.normal(size=shape)
    task = arrays(x, K)
    assert task.input_shape == read_as
    assert flag in told(task)
    assert bool(flag) == bool(told(task))
    assert arrays(x, K, layout="channels_first").input_shape == shape[1:]


def test_samples_on_the_last_axis_are_asked_about(refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "layout"):
        arrays(X.T, K)
    np.testing.assert_array_equal(arrays(X.T, K, layout="samples_last").train.x[:, 0], X.astype(np.float32))


@pytest.mark.parametrize(
    ("y", "kind", "flag"),
    [
        (K + 1.0, "classification", "--kind regression"),
        (np.where(K > 0, 1.0, -1.0), "classification", "--kind regression"),
        (K * 10.0, "regression", "--kind classification"),
        (rng.permutation(N) + 18, "regression", "--kind classification"),
        (np.arange(N) % 30, "regression", "--kind classification"),
        (K * 100, "classification", "--kind regression"),
        (np.eye(3)[K], "classification", "--kind multilabel"),
        (np.eye(3, dtype=int)[K], "classification", "--kind multilabel"),
        ((rng.random((N, 4)) > 0.5).astype(float), "multilabel", "--kind regression"),
        (rng.integers(0, 3, (N, 12)), "segmentation", "--kind regression"),
        (K[:, None], "classification", ""),
        (K, "classification", ""),
        (X[:, 0], "regression", ""),
    ],
)
def test_kinds(y: Any, kind: str, flag: str) -> None:
    task = arrays(X, y)
    assert task.kind == kind
    assert flag in told(task)
    assert bool(flag) == bool(told(task))


def test_one_hot_classes_have_the_names_of_their_columns(refuses: Callable[..., Any]) -> None:
    columns = {name: (name == WORDS).astype(int) for name in ("ash", "birch", "cedar")}
    task = table({}, columns, y=("ash", "birch", "cedar"))
    assert (task.classes, task.train.y.tolist()) == (("ash", "birch", "cedar"), K.tolist())
    with refuses("value", "one_hot"):
        arrays(X, np.ones((N, 3)), one_hot=True)


def test_a_mask_or_labels_are_asked_about(refuses: Callable[..., Any]) -> None:
    x, y = rng.normal(size=(N, 30)), (rng.random((N, 30)) > 0.5).astype(float)
    with refuses("conflict", "kind"):
        arrays(x, y)
    assert arrays(x, y, kind="multilabel").output.channels == 30


def test_fields_follow_the_order_of_x() -> None:
    x = rng.normal(size=(5, 9, 9))
    task = arrays(x, 2 * x)
    assert (task.input_shape, task.output.channels, task.output.size) == ((1, 9, 9), 1, (9, 9))
    x = rng.normal(size=(5, 9, 7, 1))
    task = arrays(x, 2 * x)
    np.testing.assert_allclose(task.train.y, 2 * task.train.x, rtol=1e-5)


def test_samples_in_training_and_test_data_are_told_of() -> None:
    np.savez("my.npz", x_train=X[:60], y_train=K[:60], x_test=X[57:], y_test=K[57:])
    assert "3 of 33 test samples are also in the training data" in told(custom_task("my.npz"))


def test_validation_data_of_the_file_is_used() -> None:
    np.savez("my.npz", X_val=X[60:], y_val=WORDS[60:], x_train=X[:60], y_train=WORDS[:60])
    task = custom_task("my.npz")
    np.testing.assert_array_equal(task.validation.x[:, 0], X[60:].astype(np.float32))
    np.testing.assert_array_equal(task.validation.y, K[60:])
    assert "validation: 30 samples of the file" in task.origin.understood.splits
    np.savez("my.npz", x_val=X[60:, :3], y_val=K[60:], x_train=X[:60], y_train=K[:60])


def test_wrong_validation_data(refuses: Callable[..., Any]) -> None:
    np.savez("my.npz", x_val=X[60:, :3], y_val=K[60:], x_train=X[:60], y_train=K[:60])
    with refuses("value", "x_test"):
        custom_task("my.npz")


def test_test_columns_of_a_table_have_the_roles_of_the_training_columns() -> None:
    """As of files in two parts, whose columns a reader puts side by side."""
    frame = pd.DataFrame({"sample": [f"s{i}" for i in range(N)], "a": X[:, 0], "b": X[:, 1], "label": WORDS})
    columns = {
        name: frame[name].to_numpy(dtype="U9" if frame[name].dtype.kind == "O" else None) for name in frame
    }
    columns |= {f"test/{name}": values[60:] for name, values in columns.items()}

    class Parts(Table):
        @property
        def columns(self) -> tuple[str, ...]:
            return tuple(name for name in self.names if not name.startswith("test/"))

        def default_test(self) -> Any:
            return ("test/sample", "test/a", "test/b"), "test/label"

    Path("my.csv").touch()
    parts = Parts(Path("my.csv"), tuple(columns), columns.__getitem__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("isthmus.tasks.custom.reading.open_contents", lambda path: parts)
        task = custom_task("my.csv")
    np.testing.assert_array_equal(task.test.x, task.train.x[60:])
    assert (task.input_shape, task.origin.description.x_test) == ((1, 2), ("test/a", "test/b"))


def test_letters_are_no_words() -> None:
    sequences = np.array(["ACGTACGTAC", "ACCTACGTAG", "GGGTACGTAC"])[K]
    columns = {"code": WORDS, "sequence": sequences, "y": K}
    change = words(Description(data=Path("my.csv"), y="y"), columns).change
    assert change == {"drop": ("code",)}
    assert words(Description(data=Path("my.csv"), y="y"), {"a": K, **columns}).change == {
        "drop": ("code", "sequence")
    }
