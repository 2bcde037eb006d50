"""Advection in one dimension, u_t + b u_x = 0, periodic: the start, moved."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from isthmus.pde.equation import Array, Equation, centres, equations, instants
from isthmus.pde.layout import Stacked
from isthmus.pde.sine import RandomSine


@equations.register("advection1d")
class Advection(Equation):
    """u(t, x) = u(0, x - b t), from the formula of the start: exact.

    Args:
        beta: the speed b.
    """

    about = "a random wave carried along at constant speed"
    source = "PDEBench (Takamoto et al., NeurIPS 2022), appendix D"
    resolution = 1024
    batch = 4
    layout = Stacked()
    fields: ClassVar = {"tensor": ("t", "x")}

    def __init__(self, *, beta: float = 0.4) -> None:
        self.beta = beta

    def axes(self, resolution: int) -> dict[str, Array]:
        return {"x": centres(0, 1, resolution), "t": instants(2, 200)}

    def sample(self, draws: Sequence[np.random.Generator], resolution: int) -> dict[str, Array]:
        axes = self.axes(resolution)
        start = RandomSine.draw(draws)
        return {"tensor": start(axes["x"] - self.beta * axes["t"][:, None])}
