"""The user's own files: what they become, by the usual names and as described; of bad input, one line."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from isthmus.errors import InputError
from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.cells import typed

rng = np.random.default_rng(0)
N = 12
X = rng.normal(size=(N, 2, 5)).astype(np.float32)
Y = np.array(["no", "yes"])[np.arange(N) % 2]
FLAT = X[:, 0]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put_npz(**arrays: Any) -> str:
    np.savez("my.npz", **arrays)
    return "my.npz"


def put_h5(**arrays: Any) -> str:
    with h5py.File("my.h5", "w") as file:
        for name, array in arrays.items():
            file[name] = array.astype(object) if array.dtype.kind == "U" else array
    return "my.h5"


def put_csv(x: Any = FLAT, y: Any = Y, header: list[str] | None = None, name: str = "my.csv") -> str:
    rows = [[*map(repr, row.tolist()), str(label)] for row, label in zip(x, y, strict=True)]
    with open(name, "w") as file:
        file.writelines(",".join(row) + "\n" for row in ([header] if header else []) + rows)
    return name


def describe(**values: Any) -> str:
    with open("my.yaml", "w") as file:
        yaml.safe_dump(values, file)
    return "my.yaml"


@pytest.mark.parametrize("put", [put_npz, put_h5])
def test_arrays_by_the_usual_names(put: Callable[..., str]) -> None:
    task = custom_task(put(x_train=X, y_train=Y, x_test=X[:4], y_test=Y[:4]))
    assert (task.name, task.kind, task.classes) == ("my", "classification", ("no", "yes"))
    np.testing.assert_array_equal(task.train.x, X)
    np.testing.assert_array_equal(task.train.y, np.arange(N) % 2)
    np.testing.assert_array_equal(task.test.x, X[:4])
    task = custom_task(put(x=X, y=np.arange(N) % 3, x_test=X))
    assert (task.test, task.classes) == (None, (0, 1, 2))


@pytest.mark.parametrize("header", [None, ["a", "b", "c", "d", "e", "label"]])
def test_the_last_column_is_y(header: list[str] | None) -> None:
    task = custom_task(put_csv(header=header))
    assert (task.input_shape, task.kind, task.classes, task.test) == (
        (1, 5),
        "classification",
        ("no", "yes"),
        None,
    )
    np.testing.assert_array_equal(task.train.x[:, 0], FLAT)
    np.testing.assert_array_equal(task.train.y, np.arange(N) % 2)


@pytest.mark.parametrize("y", [Y, np.arange(N) % 2, np.linspace(0, 1, N)])
def test_a_header_of_numbers_is_seen_by_the_name_of_y(y: Any) -> None:
    task = custom_task(put_csv(y=y, header=["0", "1", "2", "3", "4", "label"]))
    assert len(task.train) == N


@pytest.mark.parametrize(
    ("y", "kind"),
    [(Y, "classification"), (np.arange(N) % 2, "classification"), (np.linspace(0, 1, N), "regression")],
)
def test_the_kind_follows_from_y(y: Any, kind: str) -> None:
    assert custom_task(put_npz(x=X, y=y)).kind == custom_task(put_csv(y=y)).kind == kind


def test_names_are_described(here: Path) -> None:
    (here / "data").mkdir()
    np.savez("data/all.npz", ecg=X, rhythm=Y, later=X[:4], later_rhythm=Y[:4])
    names = {"x": "ecg", "y": "rhythm", "x_test": "later", "y_test": "later_rhythm"}
    file = describe(data="data/all.npz", **names, name="hearts", about="what a heart does")
    for path in (file, here / file):
        task = custom_task(path)
        assert (task.name, task.about, len(task.test)) == ("hearts", "what a heart does", 4)
        np.testing.assert_array_equal(task.train.x, X)
    np.savez("other.npz", ecg=-X, rhythm=Y, later=X, later_rhythm=Y)
    np.testing.assert_array_equal(custom_task("other.npz", file).train.x, -X)


def test_several_names_lie_side_by_side() -> None:
    put_npz(a=X[:, 0], b=X[:, 1], rain=np.arange(N), wind=np.arange(N)[::-1])
    task = custom_task(describe(data="my.npz", x=["a", "b"], y=["rain", "wind"], kind="regression"))
    np.testing.assert_array_equal(task.train.x, X)
    np.testing.assert_array_equal(task.train.y, np.stack([np.arange(N), np.arange(N)[::-1]], 1))
    put_csv()
    task = custom_task(describe(data="my.csv", x=[3, 0]))
    np.testing.assert_array_equal(task.train.x[:, 0], FLAT[:, [3, 0]])
    put_csv(header=["a", "b", "c", "d", "e", "f"], y=np.arange(N))
    task = custom_task(describe(data="my.csv", y=["a", "f"], kind="regression"))
    np.testing.assert_array_equal(task.train.x[:, 0], FLAT[:, 1:])


def test_datasets_in_groups() -> None:
    put_h5(**{"ecg/signals": X, "ecg/labels": Y})
    task = custom_task(describe(data="my.h5", x="ecg/signals", y="ecg/labels"))
    np.testing.assert_array_equal(task.train.x, X)
    assert task.classes == ("no", "yes")


def test_test_data_in_a_second_file(here: Path) -> None:
    put_csv(header=["a", "b", "c", "d", "e", "label"])
    put_csv(-FLAT, Y, ["e", "d", "c", "b", "a", "label"], "later.csv")
    task = custom_task(describe(data="my.csv", test="later.csv"))
    np.testing.assert_array_equal(task.test.x[:, 0], -FLAT[:, ::-1])  # by name, not by place


@given(st.integers(0, 20), st.sampled_from([0.1, 0.25, 0.5]))
def test_what_is_held_out(tmp_path_factory: pytest.TempPathFactory, seed: int, fraction: float) -> None:
    folder = tmp_path_factory.mktemp("held")
    x = np.arange(40.0)[:, None] + [0, 0.5]
    np.savez(folder / "my.npz", x=x, y=np.arange(40) % 2)
    (folder / "my.yaml").write_text(f"data: my.npz\nhold_out: {fraction}\nseed: {seed}\n")
    task, again = custom_task(folder / "my.yaml"), custom_task(folder / "my.yaml")
    assert task.fingerprint() == again.fingerprint()
    both = np.concatenate([task.train.x[:, 0, 0], task.test.x[:, 0, 0]])
    assert sorted(both) == list(range(40))
    assert np.bincount(task.test.y).tolist() == [20 * fraction] * 2
    np.testing.assert_array_equal(task.test.y, task.test.x[:, 0, 0] % 2)


def test_what_is_held_out_takes_the_place_of_the_usual_test_data() -> None:
    put_npz(x_train=X, y_train=Y, x_test=X, y_test=Y)
    task = custom_task(describe(data="my.npz", hold_out=0.5))
    assert (len(task.train), len(task.test)) == (N // 2, N // 2)


def test_the_seed_changes_what_is_held_out() -> None:
    put_npz(x=X, y=np.linspace(0, 1, N))
    held = {custom_task(describe(data="my.npz", hold_out=0.5, seed=seed)).fingerprint() for seed in range(5)}
    assert len(held) > 1


def test_statistics_are_of_what_is_left() -> None:
    put_npz(x=X, y=np.linspace(0, 1, N))
    task = custom_task(describe(data="my.npz", hold_out=0.5))
    assert task.y_mean == pytest.approx((task.train.y.mean(),))


@pytest.mark.parametrize(
    ("values", "kind", "key"),
    [
        ({"knd": "regression"}, "unknown", "knd"),
        ({"kind": "regresion"}, "unknown", "regresion"),
        ({"hold_out": 1.5}, "value", "hold_out"),
        ({"hold_out": 0}, "value", "hold_out"),
        ({"hold_out": 0.2, "test": "my.npz"}, "conflict", "hold_out"),
        ({"hold_out": 0.2, "x_test": "x"}, "conflict", "hold_out"),
        ({"x_test": "x"}, "missing", "y_test"),
        ({"seed": -1}, "value", "seed"),
        ({"data": 3}, "value", "data"),
        ({"data": "none.npz"}, "file", "none.npz"),
        ({"test": "none.npz"}, "file", "none.npz"),
        ({"x": []}, "value", "x.str"),
        ({"x": "signal"}, "unknown", "signal"),
        ({"y": "x"}, "conflict", "x"),
        ({"x": ["y", "x"], "y": "y"}, "conflict", "y"),
        ({"name": "digits"}, "conflict", "digits"),
    ],
)
def test_wrong_descriptions(values: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]) -> None:
    put_npz(x=X, y=Y)
    with refuses(kind, key):
        custom_task(describe(**{"data": "my.npz"} | values))


def test_wrong_files_of_descriptions(here: Path, refuses: Callable[..., Any]) -> None:
    with refuses("file", "none.yaml"):
        custom_task("none.yaml")
    with refuses("missing", "data"):
        custom_task(describe(x="x"))
    with refuses("conflict", "description"):
        custom_task("my.yaml", "my.yaml")
    for text, upto in (
        ("a: [", "cannot be read as YAML:"),
        ("- data", ""),
        ("", ""),
        ("data: !!python/object:os.system {}", "cannot be read as YAML:"),
    ):
        (here / "my.yaml").write_text(text)
        with refuses("file", "my.yaml", upto=upto):
            custom_task("my.yaml")


@pytest.mark.parametrize(
    ("arrays", "kind", "key"),
    [
        ({"x": X, "mood": Y}, "missing", "y"),
        ({}, "missing", "y"),
        ({"x": X, "y": Y[:-1]}, "file", "my.npz"),
        ({"x": X.astype(str), "y": Y}, "value", "x_train"),
        ({"x": X, "y": Y, "x_test": X[:1], "y_test": ["maybe"]}, "value", "y_test"),
        ({"x": X, "y": Y, "x_test": X[:1], "y_test": Y[:2]}, "file", "my.npz"),
        ({"x": X, "y": np.array(3)}, "file", "my.npz:y"),
    ],
)
def test_wrong_arrays(arrays: dict[str, Any], kind: Any, key: str, refuses: Callable[..., Any]) -> None:
    put_npz(**arrays)
    with refuses(kind, key):
        custom_task("my.npz")


def test_wrong_files(here: Path, refuses: Callable[..., Any]) -> None:
    with refuses("file", "none.npz"):
        custom_task("none.npz")
    (here / "my.doc").write_text("")
    with refuses("value", "my.doc"):
        custom_task("my.doc")
    for name, form in (("my.npz", ".npz"), ("my.h5", "HDF5"), ("my.csv", ".csv")):
        (here / name).write_bytes(b"\xff\x00\x01 damaged")
        with refuses("file", name, upto=f"cannot be read as {form}:"):
            custom_task(name)


class Bomb:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was loaded",))


def test_no_pickle_is_loaded(refuses: Callable[..., Any]) -> None:
    np.savez("my.npz", x=np.array([Bomb()], dtype=object), y=Y, allow_pickle=True)
    with refuses("file", "my.npz"):
        custom_task("my.npz")


def test_objects_in_hdf5_are_refused(refuses: Callable[..., Any]) -> None:
    with h5py.File("my.h5", "w") as file:
        file["y"] = np.arange(N)
        file.create_dataset("x", (N,), dtype=h5py.vlen_dtype(np.float32))
    with refuses("file", "my.h5"):
        custom_task("my.h5")
    put_h5(x=X, y=np.array(3))
    with refuses("file", "my.h5"):
        custom_task("my.h5")


WHOLE: dict[str, bytes] = {}


@given(st.sampled_from(["my.npz", "my.h5", "my.csv"]), st.data())
def test_damage_is_said_or_harmless(tmp_path_factory: pytest.TempPathFactory, name: str, data: Any) -> None:
    """Cut off, or with some bytes changed: a task or an InputError, nothing else."""
    if not WHOLE:
        for put in (put_npz, put_h5):
            put(x=X, y=Y)
        put_csv()
        WHOLE.update({known: Path(known).read_bytes() for known in ("my.npz", "my.h5", "my.csv")})
    content = bytearray(WHOLE[name])
    content = content[: data.draw(st.integers(0, len(content)))]
    for place in data.draw(st.lists(st.integers(0, 400), max_size=3)):
        if place < len(content):
            content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(bytes(content))
    with suppress(InputError):
        custom_task(path)


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("", "file", "my.csv"),
        ("a,b\n", "file", "my.csv"),
        ("1,2\n3\n", "file", "my.csv"),
        (",,\n\n1,2\n3\n", "file", "my.csv"),
        ("1,2\n3,\n", "file", "my.csv"),
        ("1\n2,3\n", "file", "my.csv"),
        (" \n,\n", "file", "my.csv"),
        ("a,b,y\n1,,0\n2,3,1\n", "file", "my.csv"),
        ("a,a,y\n1,2,0\n", "file", "my.csv"),
        ("1\n2\n", "missing", "x"),
        ("b,y\np,0\nq,1\n", "value", "b"),
        ("a,b,y\n1,nan,0\n2,1,1\n", "file", "my.csv"),
    ],
)
def test_wrong_tables(here: Path, text: str, kind: Any, key: str, refuses: Callable[..., Any]) -> None:
    (here / "my.csv").write_text(text)
    with refuses(kind, key):
        custom_task("my.csv")


@pytest.mark.parametrize(
    "text",
    [
        "a,b,y\n0.1,2,no\n3,4e-1,yes\n",
        "\ufeffa,b,y\r\n0.1,2,no\r\n3,4e-1,yes",
        'a , b,"y"\n\n 0.1,2 ,"no"\n,,\n3, 4e-1,yes\n\n',
    ],
)
def test_csv_as_people_write_it(here: Path, text: str) -> None:
    (here / "my.csv").write_text(text, encoding="utf-8", newline="")
    task = custom_task("my.csv")
    np.testing.assert_array_equal(task.train.x[:, 0], np.array([[0.1, 2], [3, 0.4]], np.float32))
    assert task.classes == ("no", "yes")


@pytest.mark.parametrize("word", ["NA", "null", "None"])
def test_words_for_missing_values_are_no_classes(here: Path, word: str, refuses: Callable[..., Any]) -> None:
    (here / "my.csv").write_text(f'1,"{word}"\n2,other\n3,"{word}"\n')
    with refuses("value", "y_train"):
        custom_task("my.csv")


@pytest.mark.parametrize("word", ["none", "na", "true", "a, b"])
def test_words_that_mean_nothing_elsewhere_are_classes(here: Path, word: str) -> None:
    (here / "my.csv").write_text(f'1,"{word}"\n2,other\n3,"{word}"\n')
    assert set(custom_task("my.csv").classes) == {word, "other"}


def test_columns_that_are_not_there(refuses: Callable[..., Any]) -> None:
    put_csv(header=["a", "b", "c", "d", "e", "label"])
    with refuses("unknown", "f"):
        custom_task(describe(data="my.csv", y="f"))


def test_shapes_that_do_not_lie_side_by_side(refuses: Callable[..., Any]) -> None:
    put_npz(a=X[:, 0], b=X[:, 1, :2], y=Y)
    with refuses("conflict", "b"):
        custom_task(describe(data="my.npz", x=["a", "b"]))


def test_too_few_to_hold_out(refuses: Callable[..., Any]) -> None:
    put_npz(x=X[:2], y=Y[:2])
    with refuses("conflict", "hold_out"):
        custom_task(describe(data="my.npz", hold_out=0.5))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2"], "i"),
        (["1", "2.5", "1e3"], "f"),
        (["9" * 30, "1"], "f"),
        (["1", "a"], "U"),
        (["1_2"], "U"),
    ],
)
def test_cells(cells: list[str], kind: str) -> None:
    assert typed(cells).dtype.kind == kind
    assert [str(cell) for cell in typed(cells)] == cells or kind == "f"
