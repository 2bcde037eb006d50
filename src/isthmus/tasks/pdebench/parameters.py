"""Parameters of an equation that files have as attributes: `beta`, `Nu`, `rho`, `eta`, `zeta`."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from isthmus.errors import InputError
from isthmus.store.reading import reading


def check_parameters(path: Path, equation: str, generated: Mapping[str, Any]) -> None:
    """Check that the attributes of a file are the parameters that the task's data has.

    Attributes that a file lacks, or that are no numbers, are not checked.

    Args:
        path: HDF5 file.
        equation: Name of the equation.
        generated: Parameters that the file was generated with; none for a published file.

    Raises:
        InputError: If one differs, as in the file of another viscosity that was renamed.
    """
    import h5py

    from isthmus.pde import equations
    from isthmus.pde.generate import resolve_parameters

    right = equations[equation](**resolve_parameters(equation, generated)).attributes
    with reading(path, "HDF5"), h5py.File(path) as file:
        found = {name: file.attrs[name] for name in right if name in file.attrs}
    for name, value in found.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if not math.isclose(number, right[name], rel_tol=1e-5):
            raise InputError(
                f"'{path}' is of an equation with {name} {number:g}; {right[name]:g} is right",
                kind="file",
                key=path,
            )
