"""What a method is, by what it does."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from torch import Generator, Tensor

from isthmus.config.schema import SETTINGS, OptimConfig, RunConfig
from isthmus.model import Net
from isthmus.sources import Source
from isthmus.tasks import Split, Task

N = TypeVar("N", bound=Net)

NONE = "none"
"""What results and tables say for the backbone and the embedder of a method that has neither"""

TRAINING_SETTINGS = frozenset(
    name
    for name, setting in SETTINGS.items()
    if setting.group in ("data", "optim", "runtime") and name != "fingerprint"
)
"""Settings of every method that trains by gradient steps"""

Loss = Callable[[Tensor, Tensor], Tensor]
"""(output [B, C', *size], y) -> loss of each sample [B]"""


class Batch(NamedTuple):
    """Target samples, and for a method that mixes, as many source samples.

    Attributes:
        x: Target inputs [B, C, ...].
        y: Target labels [B, ...].
        source_x: Raw source samples (B pictures or texts), or None.
        source_y: Source labels [B] or [B, h, w], or None.
        weights: Weights of the target samples in the loss, [B], or None.
    """

    x: Tensor
    y: Tensor
    source_x: Any = None
    source_y: Tensor | None = None
    weights: Tensor | None = None


class Step(NamedTuple):
    """Result of one training step: the loss to descend, the target output, and figures to log."""

    loss: Tensor
    output: Tensor
    logs: dict[str, float | Tensor]


class Method(ABC, Generic[N]):
    """A way of making a network for a task.

    A subclass takes its own options as keywords; their names, types and defaults are what users can set. What
    it does is told by its bases: `IterativeMethod` or `OneShotMethod`, and beside these `Aligning`,
    `Searching` or `Restoring`.

    Attributes:
        settings: Names of the settings that the method uses, beside its own options. Any other that is given
            is refused.
        parts: Names of the parts of its network, as `Net.parts` gives them.
        learning_rate: Highest learning rate where none is given; None to take the backbone's.
        weighs_samples: Whether it learns from some samples more than from others where a split has weights.
        test_samples: Number of test samples that the error is computed on, from the first on; None for all.
        references: Papers to cite for it, "A. Author, B. Author (2024), Title, Where 12" each.
        libraries: Packages that it computes with, beside those of its bases.
    """

    settings: ClassVar[frozenset[str]]
    parts: ClassVar[tuple[str, ...]] = ()
    learning_rate: ClassVar[float | None] = None
    weighs_samples: ClassVar[bool] = False
    test_samples: int | None = None
    references: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ("torch", "numpy")

    @abstractmethod
    def build(self, config: RunConfig, task: Task, source: Source | None = None) -> N:
        """Make the network, ready to be trained: fixed parts are frozen, new ones are drawn from the seed.

        Args:
            config: Complete settings.
            task: Target problem.
            source: Source samples, if the method uses some.

        Raises:
            InputError: If the task, the method and what the settings name do not fit together.
        """

    def dry_run(self, net: N, x: Tensor, source: Source | None) -> None:
        """Send one sample [1, C, ...] through the network, so that a misfit shows before training."""
        net(x)


class IterativeMethod(Method[N]):
    """A method that trains by gradient steps."""

    settings = TRAINING_SETTINGS
    weighs_samples = True
    libraries = ("lightning",)

    @abstractmethod
    def step(self, net: N, batch: Batch, loss: Loss, progress: float, generator: Generator) -> Step:
        """Compute the loss of one training step.

        Args:
            net: Network in training mode.
            batch: Target samples, and source samples if the method mixes.
            loss: Loss of the target.
            progress: 0 at the first step, 1 at the last.
            generator: Generator of this step's random draws, on the CPU.
        """


class OneShotMethod(Method[N]):
    """A method that learns everything in one call, without batches and optimiser."""

    settings = frozenset({"validation"})

    @abstractmethod
    def fit(self, net: N, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Train the network in place.

        Args:
            net: New network whose scale is known.
            train: Training samples in the user's units.
            validation: Validation samples, if any.
            config: Complete settings; the seed is that of every draw.
        """


class Aligning(ABC, Generic[N]):
    """A method that learns from source and target before the first training step."""

    @abstractmethod
    def align(self, net: N, train: Split, source: Source, optim: OptimConfig, seed: int, loss: Loss) -> None:
        """Train the network in place; a checkpoint holds what was learnt.

        Args:
            net: Network, ready to be trained.
            train: All training samples.
            source: All source samples.
            optim: Complete settings of the optimiser of the training that follows.
            seed: Seed of every random draw.
            loss: Loss of the target.
        """


class Restoring(ABC, Generic[N]):
    """A method that changes the structure of the network while it trains."""

    @abstractmethod
    def restore(self, net: N) -> None:
        """Restore the original module structure after training: saved weights load without the method."""


class Searching(ABC):
    """A method that finds better settings on the training data before it trains with them."""

    @abstractmethod
    def search(self, task: Task, train: Split, validation: Split | None, config: RunConfig) -> dict[str, Any]:
        """Return the settings that were found, as plain data: {"method": {"name": ..., ...}, "lr": 0.1}."""


class NamedByTask(Method[Any]):
    """A method that stands for the one that the task names as its expert; its options go to that one."""

    settings = TRAINING_SETTINGS
