"""What an equation is, and the registry of equations."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import InputError
from isthmus.pde.layout import Layout
from isthmus.registry import Registry

Array = NDArray[np.float64]


class Equation(ABC):
    """An equation with its parameters: what is drawn, how it is solved, what the published file holds.

    A subclass takes its physical parameters as keywords, with the published values as defaults; their names
    and types are what users can set.

    Attributes:
        about: one line: the equation, in words.
        source: reference of the data set.
        resolution: of the published data, in points along an axis of space.
        batch: samples solved together: as many as the processor's cache holds.
        layout: how the published file is laid out.
        fields: its arrays, each with the axes of one sample: names of axes, or a fixed length.
    """

    about: ClassVar[str]
    source: ClassVar[str]
    resolution: ClassVar[int]
    batch: ClassVar[int]
    layout: ClassVar[Layout]
    fields: ClassVar[Mapping[str, tuple[str | int, ...]]]

    @abstractmethod
    def axes(self, resolution: int) -> dict[str, Array]:
        """Coordinates along each axis of space, and of time if there is one."""

    @abstractmethod
    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw and solve a sample from each generator.

        A sample depends on its own generator alone, to the last bit: not on those beside it.

        Returns:
            for each of `fields`, [N, *axes].
        """

    def shapes(self, resolution: int) -> dict[str, tuple[int, ...]]:
        """The shape of one sample in each of `fields`."""
        axes = self.axes(resolution)
        return {
            field: tuple(size if isinstance(size, int) else len(axes[size]) for size in sizes)
            for field, sizes in self.fields.items()
        }


equations: Registry[type[Equation]] = Registry("equation", "isthmus.pde")


def centres(low: float, high: float, cells: int) -> Array:
    """Centres of equal cells: [cells]."""
    return low + (high - low) / cells * (np.arange(cells, dtype=np.float64) + 0.5)


def instants(end: float, steps: int) -> Array:
    """Equidistant times from 0 to the end: [steps + 1]."""
    return np.linspace(0.0, end, steps + 1, dtype=np.float64)


def require_positive(**parameters: Any) -> None:
    """Refuse a parameter that is not above 0.

    Raises:
        InputError: that names it.
    """
    for name, value in parameters.items():
        if not value > 0:
            raise InputError(f"the equation's {name} is {value}; give a number above 0")
