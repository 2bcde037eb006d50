"""Files as instruments, archives and other programs export them: read, asked about, or told of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from isthmus.tasks import Task
from isthmus.tasks.custom import custom_task

N = 60
rng = np.random.default_rng(0)
K = np.arange(N) % 3
WORDS = np.array(["ash", "birch", "cedar"])[K]
X = np.cumsum(rng.normal(size=(N, 30)), 1).round(3)
WAVES = np.linspace(400, 545, 30)
FEW = pd.DataFrame(X[:, :6], columns=list("abcdef"))


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def text_task(text: str, **keys: Any) -> Task:
    Path("my.csv").write_text(text)
    return custom_task("my.csv", **keys)


def task_of(frame: pd.DataFrame, **keys: Any) -> Task:
    return text_task(frame.to_csv(index=False), **keys)


def told(task: Task) -> str:
    return " | ".join((*task.origin.understood.guesses, *task.origin.understood.notes))


def assert_x(task: Task, x: np.ndarray = X) -> None:
    np.testing.assert_allclose(np.concatenate(list(task.train.x)), x, rtol=1e-6)


@pytest.mark.parametrize(
    ("preamble", "separator"),
    [
        ("Instrument: FieldSpec 4\nDate: 2023-05-01 10:11\nIntegration time (ms); 17\n\n", ";"),
        ("Instrument,FieldSpec,4\nOperator,Jane,Doe\nResolution,4,cm-1\n \n", ","),
        ("sep=;\n", ";"),
        ("! exported by hand\n! in June\n", "\t"),
    ],
)
def test_a_preamble_above_spectra(preamble: str, separator: str) -> None:
    table = pd.DataFrame(X, columns=[f"{wave} nm" for wave in WAVES]).assign(kind=WORDS)
    task = text_task(preamble + table.to_csv(index=False, sep=separator))
    assert_x(task)
    assert task.classes == ("ash", "birch", "cedar")
    assert "taken as a title" in told(task)


def test_short_series_are_no_title(refuses: Callable[..., Any]) -> None:
    rows = [",".join(map(str, row[: 8 if i < 2 else 30])) for i, row in enumerate(X)]
    with refuses("file", "my.csv"):
        text_task("\n".join(rows))


def test_lines_that_go_on_in_the_next(refuses: Callable[..., Any]) -> None:
    lines = [" ".join(map(str, part)) for row in X for part in np.split(row[:12], (5, 10))]
    with refuses("file", "my.csv"):
        text_task("\n".join(lines))


@pytest.mark.parametrize("text", ["##NAMES=Quartz\n##LOCALITY=Here, there\n{}\n##END=\n", "{}"])
@pytest.mark.parametrize("separator", [", ", "\t", "   "])
def test_positions_and_values_of_a_sample(text: str, separator: str) -> None:
    for i in range(6):
        Path("all", WORDS[i]).mkdir(parents=True, exist_ok=True)
        pairs = zip(WAVES, X[i], strict=True)
        lines = "\n".join(f"{wave}{separator}{value}" for wave, value in pairs)
        Path("all", WORDS[i], f"{i}.txt").write_text(text.format(lines))
    task = custom_task("all")
    assert_x(task, X[[0, 3, 1, 4, 2, 5]])
    assert "column '0' of each file holds times or positions and is left out" in told(task)


def test_rows_of_a_sample_without_names_are_points_where_they_are_many() -> None:
    for i in range(6):
        Path("all", WORDS[i]).mkdir(parents=True, exist_ok=True)
        np.savetxt(f"all/{WORDS[i]}/{i}.txt", X[i].reshape(15, 2))
    task = custom_task("all")
    assert task.input_shape == (2, 15)
    assert "channels last" in told(task)


def test_pixels_between_spaces_in_a_cell(refuses: Callable[..., Any]) -> None:
    pixels = [" ".join(map(str, row)) for row in 70 + np.arange(N * 9).reshape(N, 9) % 99]
    frame = pd.DataFrame({"emotion": K, "pixels": pixels, "Usage": np.where(K > 0, "Training", "Public")})
    with refuses("missing", "y"):
        task_of(frame)
    with refuses("value", "pixels"):
        task_of(frame, y="emotion", drop="Usage")


def test_merged_cells_above_the_names() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Sample", "NIR spectra", *[None] * 29, "Reference"])
    book.active.append([None, *WAVES.tolist(), "Protein"])
    y = rng.normal(size=N).round(3)
    for i in range(N):
        book.active.append([f"s{i}", *X[i].tolist(), float(y[i])])
    book.save("my.xlsx")
    task = custom_task("my.xlsx")
    assert_x(task)
    np.testing.assert_allclose(task.train.y[:, 0], y, rtol=1e-6)
    assert task.origin.description.id == "Sample"
    assert "rows 1 and 2 are taken as one header" in told(task)


def test_a_header_of_even_steps_above_smooth_curves() -> None:
    curves = pd.DataFrame(np.cumsum(np.abs(X), 1), columns=range(30)).assign(kind=WORDS)
    assert_x(task_of(curves), curves.iloc[:, :30].to_numpy())


def test_an_index_of_rows_that_were_shuffled() -> None:
    frame = FEW.assign(kind=WORDS).set_axis(rng.permutation(1000)[:N], axis=0)
    task = text_task(frame.to_csv())
    assert_x(task, X[:, :6])
    assert "column 0 is an unnamed index and was left out" in told(task)


def test_columns_without_names_are_told_of_in_one_line() -> None:
    names = ["a", "", "", "", "e", "f", "kind"]
    lines = [",".join(map(str, (*X[i, :6], WORDS[i]))) for i in range(N)]
    assert "column 1 and 2 more without a name" in told(text_task("\n".join([",".join(names), *lines])))


@pytest.mark.parametrize("name", ["Wavelength (nm)", "Wavelength/nm"])
def test_a_unit_in_a_name(name: str, refuses: Callable[..., Any]) -> None:
    across = pd.DataFrame(X.T, columns=[f"s{i}" for i in range(N)])
    across.insert(0, name, WAVES)
    with refuses("conflict", "y"):
        task_of(across)
    places = FEW.rename(columns={"a": "x (m)", "b": "y (m)"}).assign(strain=X[:, 8])
    assert task_of(places).origin.description.y == "strain"


def test_keys_are_no_numbers() -> None:
    frame = FEW.assign(kind=WORDS)
    frame.insert(0, "obj", 1_237_648_720_693_755_918 + rng.permutation(10**6)[:N])
    assert task_of(frame).origin.description.id == "obj"
    plots = FEW.assign(plot_id=np.arange(N) // 4 * 7 % 40, kind=WORDS)
    assert "'plot_id' may tell what samples belong to" in told(task_of(plots))
    assert "belong to" not in told(task_of(FEW.assign(acid=np.arange(N) // 4 * 7 % 40, kind=WORDS)))


@pytest.mark.parametrize("name", ["X_train.csv", "x.csv", "X.txt"])
def test_samples_without_targets(name: str, refuses: Callable[..., Any]) -> None:
    FEW.to_csv(name, index=False)
    with refuses("missing", "y"):
        custom_task(name)
    FEW.assign(label=K).to_csv(name, index=False)
    assert custom_task(name).input_shape == (1, 6)


def test_columns_that_divide_the_samples(refuses: Callable[..., Any]) -> None:
    for divided in ({"part": np.where(K > 0, "train", "test")}, {"fold": np.arange(N) % 5}):
        name = next(iter(divided))
        task = task_of(pd.DataFrame(divided).join(FEW).assign(kind=WORDS))
        assert task.input_shape == (1, 6)
        assert f"'{name}' divides the samples" in told(task)
        with refuses("missing", "y"):
            task_of(FEW.assign(kind=K, **divided))


def test_classes_and_labels_in_several_columns(refuses: Callable[..., Any]) -> None:
    classes = FEW.assign(**{f"is_{word}": (word == WORDS).astype(int) for word in ("ash", "birch", "cedar")})
    with refuses("conflict", "y"):
        task_of(classes)
    assert task_of(classes, y=("is_ash", "is_birch", "is_cedar")).n_classes == 3
    labels = FEW.assign(**{f"tag{i}": rng.integers(0, 2, N) for i in range(4)})
    assert "give --y 'tag0..tag3'" in told(task_of(labels))
    assert task_of(labels, y="tag0..tag3").kind == "multilabel"


@pytest.mark.parametrize("form", ["{:.1f}%", "{:.2f} mg", "{:,.1f}", "2024-01-{:02.0f}"])
def test_words_that_are_numbers_are_asked_about(form: str, refuses: Callable[..., Any]) -> None:
    frame = FEW.assign(amount=[form.format(1000 + 37 * value) for value in range(N)])
    with refuses("conflict", "kind"):
        task_of(frame)
    assert task_of(frame, kind="classification").n_classes == N


def test_limits_of_detection_are_asked_about(refuses: Callable[..., Any]) -> None:
    limited = [f"{value:.2f}" if value > 0 else "<0.05" for value in X[:, 7]]
    with refuses("conflict", "kind"):
        task_of(FEW.assign(nitrate=limited))
    assert "'lead' holds text, as '<0.05'" in told(task_of(FEW.assign(lead=limited, kind=WORDS)))
    doses = np.array(["5 mg", "10 mg", "<1 mg"])[K]  # these repeat
    assert task_of(FEW.assign(dose=doses)).n_classes == 3


def test_classes_that_look_alike_are_told_of() -> None:
    spelt = np.array(["Ash", "ash", "birch"])[K]
    assert "the classes 'Ash' and 'ash' differ in case" in told(task_of(FEW.assign(kind=spelt)))
    several = np.array(["a", "b;a", "b"])[K]
    assert "'b;a' is read as a class of its own" in told(task_of(FEW.assign(kind=several)))


def test_arrays_that_may_be_meant_otherwise_are_told_of() -> None:
    np.savez("square.npz", x=rng.normal(size=(N, N)), y=K)
    assert "--layout samples_last" in told(custom_task("square.npz"))
    np.savez("codes.npz", x=rng.integers(0, 4, (N, 50)), y=K)
    assert "if they are codes" in told(custom_task("codes.npz"))


def test_targets_among_columns_without_names_are_asked_about(refuses: Callable[..., Any]) -> None:
    """Cancers: a number, a letter, figures; mushrooms: letters alone; wines: classes in front."""
    cells = pd.DataFrame(X)
    cells.insert(0, "kind", np.array(["M", "B"])[K % 2])
    cells.insert(0, "number", 10_000 + np.arange(N) * 7 % 991)
    mushrooms = pd.DataFrame(
        np.array(list("abkx"))[(K[:, None] + np.arange(7) + np.arange(N)[:, None] // 9) % 4]
    )
    wines = pd.DataFrame(X[:, :5]).assign(last=np.arange(N) * 37 % 991)
    wines.insert(0, "kind", K)
    for frame, right in ((cells, "1"), (mushrooms, "0"), (wines, "0")):
        frame.to_csv("my.data", index=False, header=False)
        with refuses("conflict", "y"):
            custom_task("my.data")
        assert custom_task("my.data", y=right).kind == "classification"


def test_several_targets_by_their_names_are_asked_about(refuses: Callable[..., Any]) -> None:
    frame = FEW.assign(Y1=X[:, 8], Y2=X[:, 9])
    with refuses("conflict", "y"):
        task_of(frame)
    assert task_of(frame, y=("Y1", "Y2")).output.channels == 2


def test_the_last_column_that_is_kept_is_y(refuses: Callable[..., Any]) -> None:
    assert task_of(FEW.assign(kind=WORDS, note="dry"), drop="note").classes == ("ash", "birch", "cedar")
    with refuses("missing", "x"):
        task_of(FEW.assign(kind=WORDS), drop=("a..f", "kind"))


def test_tabs_that_fill_up_what_commas_separate() -> None:
    lines = [f"{'+-'[k % 2]},S{i},\t\t{'acgt' * 5}" for i, k in enumerate(K)]
    task = text_task("\n".join(lines))
    assert (task.input_shape, task.classes) == ((4, 20), ("+", "-"))
