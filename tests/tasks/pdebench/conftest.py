"""Small files in each published layout; no two values of a file are the same, so that none is mistaken."""

from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest

from isthmus.store.paths import published
from isthmus.tasks import tasks

SAMPLES = 20
Arrays = dict[str, np.ndarray]
Publish = Callable[..., tuple[Path, Arrays]]
STACKED: dict[str, Mapping[str, tuple[int, ...]]] = {
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


def write(path: Path, arrays: Arrays, grouped: bool) -> None:
    """Write arrays [N, ...] to a file: as they are, or sample by sample."""
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            if grouped:
                for i, sample in enumerate(array):
                    file[f"{i:04d}/{name}"] = sample
            else:
                file[name] = array


def numbers(shapes: Mapping[str, tuple[int, ...]]) -> Arrays:
    """Return arrays of integers, all different, that float32 represents exactly."""
    arrays, start = {}, 0
    for name, shape in shapes.items():
        size = SAMPLES * int(np.prod(shape))
        arrays[name] = np.arange(start, start + size, dtype=np.float32).reshape(SAMPLES, *shape)
        start += size
    return arrays


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of all data."""
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def publish(root: Path) -> Publish:
    """Return a function that writes the published file of a task.

    publish(name, **other arrays) -> path, arrays; None in place of an array leaves it out.
    """

    def put(name: str, **changes: np.ndarray | None) -> tuple[Path, Arrays]:
        task = f"pdebench/{name}"
        data = tasks[task].data
        assert data is not None
        path = published(task) / data.files[0].name
        path.parent.mkdir(parents=True, exist_ok=True)
        changed = numbers(STACKED.get(name) or {"data": GROUPED[name]}) | changes
        arrays = {key: array for key, array in changed.items() if array is not None}
        write(path, arrays, name in GROUPED)
        return path, arrays

    return put
