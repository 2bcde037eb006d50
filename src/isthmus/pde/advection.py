"""Advection in one dimension, u_t + b u_x = 0, periodic: the initial state, shifted."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.pde.equation import Array, Equation, cell_centres, equations, require_positive, time_points
from isthmus.pde.hdf5_layouts import Stacked
from isthmus.pde.sine import RandomSine


@equations.register("advection1d")
class Advection(Equation):
    """Exact solution u(t, x) = u(0, x - b t), evaluated from the formula of the initial state.

    Args:
        beta: Speed b.
        waves: Largest wave number of the initial states.
    """

    about = "a random wave carried along at constant speed"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch_size = 4
    layout = Stacked()
    fields: ClassVar = {"tensor": ("t", "x")}

    def __init__(self, *, beta: float = 0.4, waves: int = 4) -> None:
        require_positive(waves=waves)
        self.beta, self.waves = beta, waves

    @property
    def attributes(self) -> dict[str, float]:
        """Parameters that the published file has as attributes."""
        return {"beta": self.beta}

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [0, 1] and 201 times in [0, 2]."""
        return {"x": cell_centres(0, 1, resolution), "t": time_points(2, 200)}

    def start(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves: `u` [N, x]."""
        return {"u": RandomSine.draw(rngs, self.waves)(self.axes(resolution)["x"])}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves and shift them: `tensor` [N, t, x]."""
        axes = self.axes(resolution)
        initial = RandomSine.draw(rngs, self.waves)
        return {"tensor": initial(axes["x"] - self.beta * axes["t"][:, None])}
