"""Samples in their place: what was written is read by whoever reads HDF5."""

import h5py
import numpy as np
import pytest

from isthmus.pde.layout import Grouped, Stacked

AXES = {"x": np.linspace(0, 1, 4), "t": np.linspace(0, 2, 3)}
SHAPES = {"u": (3, 4), "v": (3, 4, 1)}
RNG = np.random.default_rng(0)
SAMPLES = {field: RNG.normal(size=(5, *shape)) for field, shape in SHAPES.items()}


def written(layout, path, chunks):
    layout.create(path, 5, SHAPES, AXES, {"isthmus": "words"})
    for chunk in chunks:
        part = {field: samples[chunk] for field, samples in SAMPLES.items()}
        layout.write(path, chunk.start, part)
    return h5py.File(path)


@pytest.mark.parametrize("chunks", [[slice(0, 5)], [slice(3, 5), slice(0, 1), slice(1, 3)]])
def test_stacked(tmp_path, chunks):
    with written(Stacked(), tmp_path / "a.hdf5", chunks) as file:
        assert set(file) == {"u", "v", "x-coordinate", "t-coordinate"}
        for field, samples in SAMPLES.items():
            assert file[field].dtype == np.float32
            np.testing.assert_array_equal(file[field][:], samples.astype(np.float32))
        np.testing.assert_allclose(file["x-coordinate"], AXES["x"], rtol=1e-6)
        assert file["t-coordinate"].dtype == np.float32
        assert file.attrs["isthmus"] == "words"


@pytest.mark.parametrize("chunks", [[slice(0, 5)], [slice(3, 5), slice(0, 1), slice(1, 3)]])
def test_grouped(tmp_path, chunks):
    with written(Grouped(), tmp_path / "a.h5", chunks) as file:
        assert sorted(file) == ["0000", "0001", "0002", "0003", "0004"]
        for i, group in enumerate(file.values()):
            assert set(group) == {"u", "v", "grid"}
            for field, samples in SAMPLES.items():
                assert group[field].dtype == np.float32
                np.testing.assert_array_equal(group[field][:], samples[i].astype(np.float32))
            np.testing.assert_allclose(group["grid/x"], AXES["x"], rtol=1e-6)
            np.testing.assert_allclose(group["grid/t"], AXES["t"], rtol=1e-6)


@pytest.mark.parametrize("layout", [Stacked(), Grouped()])
def test_bytes_do_not_depend_on_the_order_of_writing(tmp_path, layout):
    for name, chunks in (("a", [slice(0, 5)]), ("b", [slice(2, 5), slice(0, 2), slice(1, 3)])):
        written(layout, tmp_path / name, chunks).close()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
