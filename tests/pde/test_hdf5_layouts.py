"""The two layouts: what is written is read back, by the layout itself and by plain h5py."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from isthmus.pde.hdf5_layouts import Grouped, Layout, Stacked, State

AXES = {"x": np.linspace(0, 1, 4), "t": np.linspace(0, 2, 3)}
SHAPES = {"u": (3, 4), "v": (3, 4, 1)}
RNG = np.random.default_rng(0)
SAMPLES = {field: RNG.normal(size=(5, *shape)) for field, shape in SHAPES.items()}
CHUNKS = [[slice(0, 5)], [slice(3, 5), slice(0, 1), slice(1, 3)]]
LAYOUTS = pytest.mark.parametrize("layout", [Stacked(), Grouped()], ids=["stacked", "grouped"])


def written(layout: Layout, path: Path, chunks: Sequence[slice]) -> h5py.File:
    layout.create(path, 5, SHAPES, AXES, {"isthmus": "words"})
    for chunk in chunks:
        part = {field: samples[chunk] for field, samples in SAMPLES.items()}
        layout.write(path, chunk.start, part)
    return h5py.File(path)


@pytest.mark.parametrize("chunks", CHUNKS)
def test_stacked_files_hold_one_array_for_each_field(tmp_path: Path, chunks: list[slice]) -> None:
    with written(Stacked(), tmp_path / "a.hdf5", chunks) as file:
        assert set(file) == {"u", "v", "x-coordinate", "t-coordinate"}
        for field, samples in SAMPLES.items():
            assert file[field].dtype == np.float32
            np.testing.assert_array_equal(file[field][:], samples.astype(np.float32))
        np.testing.assert_allclose(file["x-coordinate"], AXES["x"], rtol=1e-6)
        np.testing.assert_allclose(file["t-coordinate"], [0, 1, 2, 3])  # one more than states
        assert file["t-coordinate"].dtype == np.float32
        assert file.attrs["isthmus"] == "words"


@pytest.mark.parametrize("chunks", CHUNKS)
def test_grouped_files_hold_one_group_for_each_sample(tmp_path: Path, chunks: list[slice]) -> None:
    with written(Grouped(), tmp_path / "a.h5", chunks) as file:
        assert sorted(file) == ["0000", "0001", "0002", "0003", "0004"]
        for i, group in enumerate(file.values()):
            assert set(group) == {"u", "v", "grid"}
            for field, samples in SAMPLES.items():
                assert group[field].dtype == np.float32
                np.testing.assert_array_equal(group[field][:], samples[i].astype(np.float32))
            np.testing.assert_allclose(group["grid/x"], AXES["x"], rtol=1e-6)
            np.testing.assert_allclose(group["grid/t"], AXES["t"], rtol=1e-6)


@LAYOUTS
def test_bytes_do_not_depend_on_the_order_of_writing(tmp_path: Path, layout: Layout) -> None:
    for name, chunks in (("a", [slice(0, 5)]), ("b", [slice(2, 5), slice(0, 2), slice(1, 3)])):
        written(layout, tmp_path / name, chunks).close()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@LAYOUTS
def test_a_layout_reads_what_it_writes(tmp_path: Path, layout: Layout) -> None:
    first = State("u", {"t": 3, "x": None}, (0,))
    last = State("v", {"t": 3, "x": 4, "variable": 1}, (2, ..., 0))
    with written(layout, tmp_path / "a", [slice(0, 5)]) as file:
        samples = layout.open_samples(file, tmp_path / "a", [first, last])
        assert len(samples) == 5
        for numbers in (range(5), range(1, 3)):
            rows = slice(numbers.start, numbers.stop)
            np.testing.assert_array_equal(
                samples.read(first, numbers), SAMPLES["u"][rows, 0].astype(np.float32)
            )
            np.testing.assert_array_equal(
                samples.read(last, numbers), SAMPLES["v"][rows, 2, :, 0].astype(np.float32)
            )


@LAYOUTS
@pytest.mark.parametrize("state", [State("w", {"t": 3}, (0,)), State("u", {"t": 4, "x": None}, (0,))])
def test_a_state_that_is_not_in_the_file_is_refused(
    tmp_path: Path, layout: Layout, state: State, refuses: Callable[..., Any]
) -> None:
    place = tmp_path / ("a:0000" if isinstance(layout, Grouped) else "a")
    with written(layout, tmp_path / "a", []) as file, refuses("file", place):
        layout.open_samples(file, tmp_path / "a", [state])


def test_grouped_samples_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """HDF5 gives names in alphabetical order, where 10000 comes before 9999."""
    state = State("data", {"t": 1}, (0,))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for number in (9999, 10_000, 9998):
            file[f"{number}/data"] = [number]
        samples = Grouped().open_samples(file, tmp_path / "a.h5", [state])
        assert samples.read(state, range(3)).tolist() == [9998, 9999, 10_000]
