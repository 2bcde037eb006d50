"""Small files in each published layout; no two values of a file are the same, so that none is mistaken."""

import h5py
import numpy as np
import pytest

from isthmus.store.paths import published
from isthmus.tasks import tasks

SAMPLES = 20
STACKED = {
    "advection1d": {"tensor": (201, 10)},
    "burgers1d": {"tensor": (201, 8)},
    "reaction-diffusion1d": {"tensor": (101, 8)},
    "navier-stokes1d": {"density": (101, 8), "pressure": (101, 8), "Vx": (101, 8)},
    "darcy2d": {"nu": (6, 5), "tensor": (1, 6, 5)},
}
GROUPED = {
    "diffusion-sorption1d": (101, 8, 1),
    "shallow-water2d": (101, 4, 3, 1),
    "reaction-diffusion2d": (101, 4, 3, 2),
}


def write(path, arrays, grouped):
    """Arrays [N, ...] as a file: as they are, or sample by sample."""
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            if grouped:
                for i, sample in enumerate(array):
                    file[f"{i:04d}/{name}"] = sample
            else:
                file[name] = array


def numbers(shapes):
    """Arrays of whole numbers, all different, that float32 holds exactly."""
    arrays, start = {}, 0
    for name, shape in shapes.items():
        size = SAMPLES * int(np.prod(shape))
        arrays[name] = np.arange(start, start + size, dtype=np.float32).reshape(SAMPLES, *shape)
        start += size
    return arrays


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The folder of all data."""
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def publish(root):
    """Writes the published file of a task: publish(name, **other arrays) -> path, arrays."""

    def put(name, **changes):
        task = f"pdebench/{name}"
        path = published(task) / tasks[task].data.files[0].name
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays = numbers(STACKED.get(name) or {"data": GROUPED[name]}) | changes
        arrays = {key: array for key, array in arrays.items() if array is not None}
        write(path, arrays, name in GROUPED)
        return path, arrays

    return put
