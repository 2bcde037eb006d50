"""What a method is, and the registry of methods."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from torch import Generator, Tensor

from isthmus.config import RunConfig
from isthmus.model import Net
from isthmus.registry import Registry
from isthmus.sources import Source
from isthmus.tasks import Split, Task

N = TypeVar("N", bound=Net)

NONE = "none"
"""The name of the backbone and of the embedder of a method that has none"""

Loss = Callable[[Tensor, Tensor], Tensor]
"""(output [B, C', *size], y) -> the loss of each sample [B]"""


class Batch(NamedTuple):
    """Target samples, and for a method that mixes, as many source samples.

    Attributes:
        x, y: target inputs [B, C, ...] and labels [B, ...].
        source_x, source_y: raw source samples (B pictures or texts) and labels, [B] or [B, h, w]; else None.
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


@dataclass(frozen=True, eq=False)
class Built(Generic[N]):
    """What a method trains.

    Attributes:
        config: with every default that depends on it filled in.
        net: new, not yet prepared.
        source: what is mixed in or aligned with, or None if the method needs none.
    """

    config: RunConfig
    net: N
    source: Source | None = None


class Method(ABC, Generic[N]):
    """What is trained, which parameters learn, and the loss of one step.

    A subclass takes its own options as keywords; their names, types and defaults are what users can set.

    Attributes:
        mixes: whether its steps need source samples.
        aligns: whether `align` does something, for which it needs the source.
        searches: whether `search` finds settings that are better than those asked for.
        iterative: whether it learns by steps; else by `fit`, all at once.
    """

    mixes: ClassVar[bool] = False
    aligns: ClassVar[bool] = False
    searches: ClassVar[bool] = False
    iterative: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def fill(cls, config: RunConfig, task: Task) -> RunConfig:
        """The description with those parts that this method uses, or decides, complete.

        Raises:
            InputError: for an unknown name or option.
        """

    @abstractmethod
    def build(self, config: RunConfig, task: Task) -> Built[N]:
        """The net of a complete description, its new parts drawn from the seed.

        Raises:
            InputError: if task and method, or what the description names, do not fit together.
        """

    def prepare(self, net: N, seed: int) -> None:
        """Set the net up before training: freeze what does not learn, draw anew what starts random."""

    def dry_run(self, net: N, x: Tensor, source: Source | None) -> None:
        """One sample [1, C, ...] through the net, so that what does not fit is said before training."""
        net(x)

    def search(self, task: Task, train: Split, validation: Split | None, config: RunConfig) -> dict[str, Any]:
        """Find settings on training and validation data; only if `searches`.

        Returns:
            What is laid over the description, as plain data: {"method": {"name": ..., ...}, "lr": 0.1}.
        """
        raise TypeError(f"{type(self).__name__} does not search")

    def align(self, net: N, train: Split, source: Source, lr: float, seed: int) -> None:
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
    def step(self, net: N, batch: Batch, loss: Loss, progress: float, generator: Generator) -> Step:
        """One training step.

        Args:
            net: in training mode.
            batch: target samples, and source samples if the method mixes.
            loss: of the target.
            progress: from 0 at the first step to 1 at the last.
            generator: of this step's random draws, on the CPU.
        """

    def fit(self, net: N, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Learn everything at once, in place; only if not `iterative`."""
        raise TypeError(f"{type(self).__name__} learns by steps")

    def finalize(self, net: N) -> None:
        """After training: leave the net with the structure it was built with, which is what loads again."""

    def eval_subset(self, test: Split) -> Split:
        """Those test samples that the error is over: all, unless one costs too much."""
        return test


methods: Registry[type[Method[Any]]] = Registry("method", "isthmus.methods", "isthmus.baselines")
