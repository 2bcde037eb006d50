"""Generated files and their record, from this version and from earlier ones."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from isthmus.pde import equations
from isthmus.tasks.generated import RECORD, check_origin, generate, task_equations

NAME, EQUATION = "pdebench/advection1d", "advection1d"


def test_every_task_with_an_equation_names_one_and_its_files() -> None:
    assert len(task_equations) == 9
    for task_equation in task_equations.values():
        assert task_equation.equation in equations
        assert task_equation.files


def test_files_of_earlier_versions_are_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They call the equation `law`, in the attribute of the file and in the record."""
    (path,) = generate(NAME, tmp_path, samples=10, resolution=16)
    record = path.with_name(RECORD)
    record.write_text(record.read_text().replace('"equation"', '"law"'))
    with h5py.File(path, "r+") as file:
        settings = json.loads(file.attrs["isthmus"])
        file.attrs["isthmus"] = json.dumps({"law": settings.pop("equation"), **settings})
        before = np.array(file["tensor"])
    check_origin(path, EQUATION)
    monkeypatch.setattr(equations[EQUATION], "sample", None)  # nothing is solved again
    assert generate(NAME, tmp_path, samples=10, resolution=16) == [path]
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["tensor"], before)
    check_origin(path, EQUATION)
