"""What specialists share: a body of their own, in place of embedder, backbone and predictor."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from isthmus.baselines.specialist_net import SpecialistNet, SpecialistSpec
from isthmus.config import RunConfig
from isthmus.errors import InputError
from isthmus.methods import NONE, Batch, Built, Loss, Method, Step
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed
from isthmus.sources import Source
from isthmus.tasks import Split, Task


class Specialist(Method[SpecialistNet]):
    """A method that trains a body made for its field, from random weights, by the loss of the task.

    A subclass says which tasks it takes, and gives the body: [B, C, L] or [B, C, H, W] -> [B, C', *size], its
    input standardised. The net scales the output back.

    Attributes:
        takes: which tasks it can do, in words: "fields on a line or a grid".
        learning_rate: where none is asked for.
    """

    takes: ClassVar[str]
    learning_rate: ClassVar[float] = 1e-3

    @abstractmethod
    def can(self, spec: Spec) -> bool:
        """Is it a task that this specialist takes?"""

    @abstractmethod
    def body(self, spec: Spec) -> nn.Module:
        """A new body for that task, its weights drawn from torch's global generator.

        Raises:
            InputError: if a library is missing, or options and task do not fit together.
        """

    @classmethod
    def fill(cls, config: RunConfig, task: Task) -> RunConfig:
        """There is no backbone, no embedder and no source."""
        return config.model_copy(update={"backbone": NONE, "embedder": {"name": NONE}, "source": None})

    def build(self, config: RunConfig, task: Task) -> Built[SpecialistNet]:
        """The body, drawn from the seed."""
        options = dict(config.method)
        spec = SpecialistSpec.of(task, method=options.pop("name"), options=options)
        if not self.can(spec):
            shapes = f"{list(spec.input_shape)} -> {[spec.output_channels, *spec.output_size]}"
            raise InputError(
                f"the method '{spec.method}' takes {self.takes}; '{task.name}' is {task.kind}, {shapes}"
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "net"))
            net = SpecialistNet(self.body(spec), spec)
        net.fit_scale(task)
        return Built(config.model_copy(update={"lr": config.lr or self.learning_rate}), net)

    def step(
        self, net: SpecialistNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Descend the loss of the task."""
        output = net(batch.x)
        value = loss(output, batch.y).mean()
        return Step(value, output, {"loss": value})


class OneShot(Specialist):
    """A specialist that does not learn by steps: `fit` does it all. Batches and optimiser are not used."""

    iterative = False

    @classmethod
    def fill(cls, config: RunConfig, task: Task) -> RunConfig:
        """It passes over the data as it likes, and the weights that it ends with are the only ones."""
        return super().fill(config, task).model_copy(update={"epochs": 1, "checkpoint": "last"})

    @abstractmethod
    def fit(self, net: SpecialistNet, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Learn everything, in place.

        Args:
            net: its scale is known, its body new.
            train, validation: in the user's units; y as in `Split`.
            config: complete; its seed is that of every draw.
        """

    def step(
        self, net: SpecialistNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Never called."""
        raise TypeError(f"{type(self).__name__} learns at once")

    def dry_run(self, net: SpecialistNet, x: Tensor, source: Source | None) -> None:
        """It has nothing to say before it has learnt."""
