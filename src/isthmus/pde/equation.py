"""The interface of an equation, and the registry of equations."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from isthmus.aliases import EQUATIONS
from isthmus.errors import InputError
from isthmus.pde.hdf5_layouts import Layout
from isthmus.registry import Registry

Array = NDArray[np.float64]


class Equation(ABC):
    """An equation with its parameters, its random initial states, its solver and its file layout.

    A subclass takes its physical parameters as keyword arguments, with the published values as defaults;
    their names and types are what users can set.

    Attributes:
        about: Description of the equation in one line.
        reference: Reference of the data set.
        resolution: Published number of points along an axis of space.
        batch_size: Number of samples solved together, chosen to fit the processor's cache.
        layout: Layout of the published file.
        fields: Arrays of the published file, each with the axes of one sample: names of axes, or fixed
            lengths.
    """

    about: ClassVar[str]
    reference: ClassVar[str]
    resolution: ClassVar[int]
    batch_size: ClassVar[int]
    layout: ClassVar[Layout]
    fields: ClassVar[Mapping[str, tuple[str | int, ...]]]

    @property
    def attributes(self) -> dict[str, float]:
        """Parameters that the published file has as attributes, by the published names: none."""
        return {}

    @abstractmethod
    def axes(self, resolution: int) -> dict[str, Array]:
        """Return the coordinates along each axis of space, and of time if there is one."""

    @abstractmethod
    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw what each sample's solution is determined by: initial states, or a coefficient.

        Args:
            rngs: N random generators.
            resolution: Number of points along an axis of space.

        Returns:
            Array [N, *space] for each variable.
        """

    @abstractmethod
    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw and solve one sample for each random generator.

        A sample depends on its own generator alone, to the last bit, whatever the rest of the batch is.

        Args:
            rngs: N random generators.
            resolution: Number of points along an axis of space.

        Returns:
            Array [N, *axes] for each of `fields`.
        """

    def shapes(self, resolution: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of one sample for each of `fields`."""
        axes = self.axes(resolution)
        return {
            field: tuple(size if isinstance(size, int) else len(axes[size]) for size in sizes)
            for field, sizes in self.fields.items()
        }


equations: Registry[type[Equation]] = Registry("equation", "isthmus.pde", aliases=EQUATIONS)


def cell_centres(low: float, high: float, cells: int) -> Array:
    """Return the centres of equal cells: [cells]."""
    return low + (high - low) / cells * (np.arange(cells, dtype=np.float64) + 0.5)


def time_points(end: float, steps: int) -> Array:
    """Return equidistant times from 0 to the end: [steps + 1]."""
    return np.linspace(0.0, end, steps + 1, dtype=np.float64)


def require_positive(**parameters: float) -> None:
    """Check that parameters are greater than 0.

    Raises:
        InputError: If one is not; the message names it.
    """
    for name, value in parameters.items():
        if not value > 0:
            raise InputError(
                f"the equation's {name} is {value}; give a number above 0", key=f"equation.{name}"
            )
