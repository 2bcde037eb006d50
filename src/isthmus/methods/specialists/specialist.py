"""What specialists share: a body of their own, in place of embedder, backbone and predictor."""

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods import Batch, IterativeMethod, Loss, Method, OneShotMethod, Step
from isthmus.methods.specialists.specialist_net import SpecialistNet, SpecialistSpec
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed
from isthmus.sources import Source
from isthmus.tasks import Task


class SpecialistMethod(Method[SpecialistNet]):
    """A method that trains a body made for its field, from random weights.

    A subclass says which tasks it takes, and gives the body: [B, C, L] or [B, C, H, W] -> [B, C', *size], its
    input standardised. The net scales the output back.

    Attributes:
        requirement: Which tasks it takes, in words: "fields on a line or a grid".
    """

    requirement: ClassVar[str]
    parts = SpecialistNet.part_names

    @abstractmethod
    def supports(self, spec: Spec) -> bool:
        """Return whether the specialist takes a task."""

    @abstractmethod
    def build_body(self, spec: Spec) -> nn.Module:
        """Make a new body for a task, its weights drawn from torch's global generator.

        Raises:
            InputError: If a library is missing, or options and task do not fit together.
        """

    def build(self, config: RunConfig, task: Task, source: Source | None = None) -> SpecialistNet:
        """Make the network, its body drawn from the seed."""
        options = dict(config.method)
        spec = SpecialistSpec.of(task, method=options.pop("name"), options=options)
        if not self.supports(spec):
            shapes = f"{list(spec.input_shape)} -> {[spec.output_channels, *spec.output_size]}"
            raise InputError(
                f"the method '{spec.method}' takes {self.requirement};"
                f" '{task.name}' is {task.kind}, {shapes}",
                kind="conflict",
                key="method",
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "net"))
            net = SpecialistNet(self.build_body(spec), spec)
        net.fit_scale(task)
        return net


class Specialist(SpecialistMethod, IterativeMethod[SpecialistNet]):
    """A specialist that trains by gradient steps on the loss of the task."""

    learning_rate: ClassVar[float] = 1e-3

    def step(
        self, net: SpecialistNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Compute the loss of the task."""
        output = net(batch.x)
        value = loss(output, batch.y).mean()
        return Step(value, output, {"loss": value})


class OneShotSpecialist(SpecialistMethod, OneShotMethod[SpecialistNet]):
    """A specialist that learns everything in one call."""

    def dry_run(self, net: SpecialistNet, x: Tensor, source: Source | None) -> None:
        """Do nothing: such a body has no output before it has learnt."""
