"""Advection in one dimension, u_t + b u_x = 0, periodic: the initial state, shifted."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.pde.equation import Array, Equation, cell_centres, equations, time_points
from isthmus.pde.hdf5_layouts import Stacked
from isthmus.pde.sine import RandomSine


@equations.register("advection1d")
class Advection(Equation):
    """Exact solution u(t, x) = u(0, x - b t), evaluated from the formula of the initial state.

    Args:
        beta: Speed b.
    """

    about = "a random wave carried along at constant speed"
    reference = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch_size = 4
    layout = Stacked()
    fields: ClassVar = {"tensor": ("t", "x")}

    def __init__(self, *, beta: float = 0.4) -> None:
        self.beta = beta

    def axes(self, resolution: int) -> dict[str, Array]:
        """Return cell centres in [0, 1] and 201 times in [0, 2]."""
        return {"x": cell_centres(0, 1, resolution), "t": time_points(2, 200)}

    def sample(self, rngs: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        """Draw random waves and shift them: `tensor` [N, t, x]."""
        axes = self.axes(resolution)
        initial = RandomSine.draw(rngs)
        return {"tensor": initial(axes["x"] - self.beta * axes["t"][:, None])}
