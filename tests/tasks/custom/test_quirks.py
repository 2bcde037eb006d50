"""Tables and arrays with what people leave in them: titles, units, marks, copies, rival quantities, times."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.io

from isthmus.tasks import Task
from isthmus.tasks.custom import custom_task

N = 60
rng = np.random.default_rng(0)
K = np.arange(N) % 3
WORDS = np.array(["ash", "birch", "cedar"])[K]
X = np.cumsum(rng.normal(size=(N, 12)), 1).round(3)
WAVES = [f"{900 + 2.5 * i}" for i in range(12)]
FRAME = pd.DataFrame(X, columns=WAVES)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def task_of(frame: pd.DataFrame, *, index: bool = False, above: str = "", **keys: Any) -> Task:
    Path("my.csv").write_text(above + frame.to_csv(index=index))
    return custom_task("my.csv", **keys)


def told(task: Task) -> str:
    return " | ".join((*task.origin.understood.guesses, *task.origin.understood.notes))


def assert_spectra(task: Task) -> None:
    assert (task.kind, task.input_shape, task.n_classes) == ("classification", (1, 12), 3)
    np.testing.assert_allclose(task.train.x[:, 0], X, rtol=1e-6)
    np.testing.assert_array_equal(np.array(task.classes)[task.train.y], WORDS)


def test_an_index_of_pandas_before_a_header_of_numbers() -> None:
    assert_spectra(task_of(FRAME.assign(kind=WORDS), index=True))


@pytest.mark.parametrize("separator", [",", ";"])
def test_titles_above_a_table(separator: str) -> None:
    above = f"Spectra of three woods\noperator{separator} lab 3\n\n"
    Path("my.csv").write_text(above + FRAME.assign(kind=WORDS).to_csv(index=False, sep=separator))
    task = custom_task("my.csv")
    assert_spectra(task)
    assert "rows 1 to 2 are taken as a title, 'Spectra of three woods', and left out" in told(task)


def test_titles_above_a_sheet() -> None:
    FRAME.assign(kind=WORDS).to_excel("my.xlsx", index=False, startrow=4)
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook("my.xlsx")
    book.active["A1"] = "Spectra of three woods"
    book.save("my.xlsx")
    assert_spectra(custom_task("my.xlsx"))


def test_sheets_of_training_and_test_data() -> None:
    pytest.importorskip("openpyxl")
    frame = FRAME.assign(kind=WORDS)
    with pd.ExcelWriter("my.xlsx") as writer:
        for name, part in (("about", frame[:1]), ("Test", frame[40:]), ("Train", frame[:40])):
            part.to_excel(writer, sheet_name=name, index=False)
    task = custom_task("my.xlsx")
    np.testing.assert_allclose(task.train.x[:, 0], X[:40], rtol=1e-6)
    np.testing.assert_allclose(task.test.x[:, 0], X[40:], rtol=1e-6)
    assert "read from the sheets 'Train' and 'Test'; move another to the front: about" in told(task)


def test_a_row_of_units_under_the_header() -> None:
    names = [f"ch{i}" for i in range(12)]
    header, *rows = pd.DataFrame(X, columns=names).assign(kind=WORDS).to_csv(index=False).splitlines()
    Path("my.csv").write_text("\n".join([header, ",".join(["mV"] * 12 + ["-"]), *rows]))
    task = custom_task("my.csv")
    assert_spectra(task)
    assert "row 2 holds units, as 'mV', and was left out" in told(task)


def test_several_quantities_beside_spectra_are_asked_about(refuses: Callable[..., Any]) -> None:
    both = FRAME.assign(Brix=rng.normal(12, 2, N).round(2), acid=rng.normal(3, 1, N).round(2))
    with refuses("conflict", "y"):
        task_of(both)
    task = task_of(both, y="Brix")
    assert (task.kind, task.input_shape) == ("regression", (1, 13))
    assert "--drop 'acid'" in told(task)
    assert task_of(both, y="Brix", drop="acid").input_shape == (1, 12)
    assert task_of(both.rename(columns={"acid": "target"})).input_shape == (1, 13)  # it is called so


def test_spectra_alone_have_no_targets(refuses: Callable[..., Any]) -> None:
    with refuses("missing", "y"):
        task_of(FRAME)
    assert task_of(FRAME, y=WAVES[-1]).input_shape == (1, 11)
    pd.DataFrame(X).to_csv("numbered.csv", index=False)  # without names, the last column is y
    assert custom_task("numbered.csv").kind == "regression"


def test_a_smooth_series_without_names_has_no_targets_either(refuses: Callable[..., Any]) -> None:
    smooth = pd.DataFrame(np.sin(np.linspace(0, 3, 40) + rng.normal(size=(N, 1))))
    with refuses("missing", "y"):
        task_of(smooth, index=True)
    y = rng.normal(size=N)
    assert task_of(smooth.assign(**{"40": y})).input_shape == (1, 40)  # this one does not go on as the series


@pytest.mark.parametrize("name", ["wl{}", "{}", "{}.5", "{}nm", "X{}.0e+00cm-1"])
@pytest.mark.parametrize("falls", [False, True])
def test_the_target_in_front_of_spectra(name: str, falls: bool) -> None:
    """Peaches, coals, minerals: the content stands before the points, of which the last is no target."""
    numbers = range(12, 0, -1) if falls else range(1, 13)
    frame = pd.DataFrame(X, columns=[name.format(n) for n in numbers])
    brix = rng.normal(12, 2, N).round(2)
    frame.insert(0, "Brix", brix)
    task = task_of(frame)
    assert (task.kind, task.input_shape) == ("regression", (1, 12))
    np.testing.assert_allclose(task.train.x[:, 0], X, rtol=1e-6)
    np.testing.assert_allclose(task.train.y[:, 0], brix, rtol=1e-6)
    assert "'Brix' is y" in told(task)
    assert_spectra(task_of(frame.drop(columns="Brix").assign(**{"Brix": WORDS}).iloc[:, [-1, *range(12)]]))


def test_names_and_kinds_in_front_of_spectra(refuses: Callable[..., Any]) -> None:
    """Oils, coffees: a number of the sample and its kind; honeys: names alone."""
    frame = FRAME.copy()
    frame.insert(0, "Provenance", WORDS)
    frame.insert(0, "Sample Number:", np.arange(N) // 2)
    task = task_of(frame)
    assert task.origin.description.group == "Sample Number:"
    assert_spectra(task)
    with refuses("missing", "y"):
        task_of(frame.assign(Provenance=[f"1.5% {max(i, 1)}" for i in range(N)]))


def test_several_columns_in_front_of_spectra_are_asked_about(refuses: Callable[..., Any]) -> None:
    """Plums, doughs: several contents; all of them stand in the line."""
    frame = FRAME.copy()
    for name in ("firmness", "Brix"):
        frame.insert(0, name, rng.normal(12, 2, N).round(2))
    with refuses("conflict", "y") as error:
        task_of(frame)
    assert "--y 'Brix' or --y 'firmness'" in str(error.value)
    assert task_of(frame, y="Brix", drop="firmness").input_shape == (1, 12)


def test_other_figures_beside_numbered_columns_are_asked_about(refuses: Callable[..., Any]) -> None:
    """Meats: a hundred absorbances, then water, fat and protein."""
    names = [f"absorbance_{i}" for i in range(24)]
    frame = pd.DataFrame(np.hstack([X, X]), columns=names)
    frame = frame.assign(fat=rng.normal(size=N), protein=rng.normal(size=N))
    with refuses("conflict", "y"):
        task_of(frame)
    few = frame.drop(columns=names[12:])  # a dozen columns of a table may be anything
    assert task_of(few).input_shape == (1, 13)


@pytest.mark.parametrize("name", ["Wavelength", "Wavelength (nm)", "wavenumber [cm-1]"])
def test_samples_in_columns_are_asked_about(name: str, refuses: Callable[..., Any]) -> None:
    across = pd.DataFrame(X.T, columns=[f"s{i}" for i in range(N)])
    across.insert(0, name, [float(wave) for wave in WAVES])
    with refuses("conflict", "y"):
        task_of(across)


def test_text_alone_without_a_header() -> None:
    letters = ["".join(rng.choice(list("ACGT"), 20)) for _ in range(N)]
    lines = [f"{word}, WOOD-{i},   {row}" for i, (word, row) in enumerate(zip(WORDS, letters, strict=True))]
    Path("my.data").write_text("\n".join(lines))
    task = custom_task("my.data")
    assert (len(task.train), task.input_shape, task.classes) == (N, (4, 20), ("ash", "birch", "cedar"))
    assert "'0', the first column, is y" in told(task)


def test_marks_of_missing_values_are_told_of() -> None:
    marked = FRAME.assign(kind=WORDS)
    marked.iloc[3, 4] = marked.iloc[7, 1] = -999
    assert "x holds -999 2 times" in told(task_of(marked))
    assert "-999" not in told(task_of((1000 * FRAME).assign(kind=WORDS)))


def test_rows_that_repeat_others_are_told_of() -> None:
    twice = pd.concat([FRAME.assign(kind=WORDS)] * 2)
    assert f"{N} of {2 * N} rows repeat others" in told(task_of(twice))
    assert "repeat" not in told(task_of(FRAME.assign(kind=WORDS)))


def test_a_column_of_series_is_x() -> None:
    pytest.importorskip("pyarrow")
    pd.DataFrame({"signal": list(X), "age": np.arange(N) % 7, "kind": WORDS}).to_parquet("my.parquet")
    task = custom_task("my.parquet")
    assert_spectra(task)
    assert "'signal' holds a series in each row and is x; 'age' left out" in told(task)


def test_time_steps_of_many_recordings_are_told_of() -> None:
    steps = pd.DataFrame({"id": np.repeat(np.arange(N), 12), "time": np.tile(np.arange(12), N)})
    long = steps.assign(value=X.ravel(), kind=np.repeat(WORDS, 12))
    said = told(task_of(long))
    assert "--layout rows_are_time --time 'time' --group 'id' --window 12" in said
    assert_spectra(task_of(long, layout="rows_are_time", time="time", group="id", window=12))


def test_rows_at_regular_times_are_told_of() -> None:
    moments = pd.date_range("2024-05-01", periods=N, freq="20ms")
    recording = pd.DataFrame(
        {"time": moments, "a": rng.normal(size=N), "kind": np.repeat(["x", "y"], N // 2)}
    )
    assert "--layout rows_are_time --window 100 --time 'time'" in told(task_of(recording))
    daily = recording.assign(time=pd.date_range("2024-05-01", periods=N))
    assert "rows_are_time" not in told(task_of(daily))


def test_times_in_files_of_recordings_are_no_channel() -> None:
    for kind in ("run", "walk"):
        Path("all", kind).mkdir(parents=True)
        for i in range(4):
            pd.DataFrame(rng.normal(size=(20, 2)), columns=["ax", "ay"]).assign(
                Time=np.arange(20) / 50
            ).to_csv(f"all/{kind}/{i}.csv", index=False)
    task = custom_task("all")
    assert task.input_shape == (2, 20)
    assert "column 'Time' of each file holds times or positions and is left out" in told(task)


def test_spellings_of_matlab(refuses: Callable[..., Any]) -> None:
    halves = {"Xtrain": X[:40], "Ytrain": K[:40], "Xtest": X[40:], "Ytest": K[40:]}
    scipy.io.savemat("my.mat", halves)
    task = custom_task("my.mat")
    assert task.test is not None
    assert (len(task.train), len(task.test)) == (40, 20)
    scipy.io.savemat("struct.mat", {"data": {"spectra": X, "labels": K + 1}})
    task = custom_task("struct.mat")
    assert (task.input_shape, task.classes) == ((1, 12), (1, 2, 3))
    np.savez("unknown.npz", spectra=X, brix=X[:, 0], wavelength=np.arange(12))
    with refuses("missing", "y"):
        custom_task("unknown.npz")
    assert custom_task("unknown.npz", x="spectra", y="brix").kind == "regression"
