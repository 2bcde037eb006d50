"""What a method is, and the registry of methods."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from torch import Generator, Tensor

from isthmus.model import CrossModalNet
from isthmus.registry import Registry
from isthmus.sources import Source
from isthmus.tasks import Split

Loss = Callable[[Tensor, Tensor], Tensor]
"""(output [B, C', *size], y) -> the loss of each sample [B]"""


class Batch(NamedTuple):
    """Target samples, and for a method that mixes, as many source samples.

    Attributes:
        x, y: target inputs [B, C, ...] and labels [B, ...].
        source_x, source_y: raw source samples (B pictures or texts) and class numbers [B]; else None.
    """

    x: Tensor
    y: Tensor
    source_x: Any = None
    source_y: Tensor | None = None


class Step(NamedTuple):
    """What one step gives: the loss to descend, the target output, and figures to log."""

    loss: Tensor
    output: Tensor
    logs: dict[str, float | Tensor]


class Method(ABC):
    """Which parameters learn, and the loss of one step.

    A subclass takes its own options as keywords; their names, types and defaults are what users can set.

    Attributes:
        mixes: whether its steps need source samples.
        aligns: whether `align` does something, for which it needs the source.
        unused: parts of the net that its steps never touch.
    """

    mixes: ClassVar[bool] = False
    aligns: ClassVar[bool] = False
    unused: ClassVar[tuple[str, ...]] = ("gate", "source_predictor")

    def prepare(self, net: CrossModalNet, seed: int) -> None:
        """Set the net up before training: freeze what does not learn, draw anew what starts random."""
        for part in self.unused:
            for parameter in net.parts()[part]:
                parameter.requires_grad_(False)

    def align(self, net: CrossModalNet, train: Split, source: Source, lr: float, seed: int) -> None:
        """Learn from target and source what must be learnt before the first step; only if `aligns`.

        Args:
            net: prepared; changed in place.
            train: all training samples.
            source: all source samples.
            lr: of the training that follows.
            seed: of every random draw.
        """
        raise TypeError(f"{type(self).__name__} does not align")

    @abstractmethod
    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """One training step.

        Args:
            net: in training mode.
            batch: target samples, and source samples if the method mixes.
            loss: of the target.
            progress: from 0 at the first step to 1 at the last.
            generator: of this step's random draws, on the CPU.
        """

    def finish(self, net: CrossModalNet) -> None:  # noqa: B027
        """After training: leave the net with the structure it was built with, which is what loads again."""


methods: Registry[type[Method]] = Registry("method", "isthmus.methods")
