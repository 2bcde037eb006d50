"""Training steps on random data, to be measured: those of a method, and of the bare Hugging Face model."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from isthmus.backbones.loading import describe_backbone
from isthmus.config import make_config
from isthmus.config.resolve import resolve
from isthmus.methods import Batch, IterativeMethod
from isthmus.methods.optimization import make_optimizer
from isthmus.tasks import Task
from isthmus.training.blocks import compiled
from isthmus.training.fit import build

CLASSES = 4
CHOSEN = {"embedder": {"name": "patch", "overlap": 1}, "scale": "channel", "augment": None}
"""Settings that a run would choose by its data"""


@dataclass
class Machine:
    """Where steps are taken, and how.

    Attributes:
        device: Device.
        half: Whether the arithmetic is in bf16 (mixed precision).
        compiled: Whether the blocks of the network are compiled.
        stack: What ends with the measurement.
    """

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    half: bool = False
    compiled: bool = False
    stack: ExitStack = field(default_factory=ExitStack)

    def step(
        self, parameters_of: torch.optim.Optimizer, loss: Callable[[], torch.Tensor]
    ) -> Callable[[], None]:
        """Return a step: forward, backward and optimiser."""

        def step() -> None:
            parameters_of.zero_grad()
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                value = loss()
            value.backward()
            parameters_of.step()

        return step

    def compile(self, blocks: list[torch.nn.Module]) -> None:
        """Compile blocks if they are to be."""
        if self.compiled:
            self.stack.enter_context(compiled(blocks))


def method_step(name: str, backbone: str, batch: int, machine: Machine) -> Callable[[], None]:
    """Make a step of a method on pictures of 64 x 64 points, or on series of 512 for a text encoder.

    Args:
        name: Name of the method.
        backbone: Name or folder of the backbone.
        batch: Target samples in a batch.
        machine: Where it is taken.
    """
    shape = (3, 64, 64) if describe_backbone(backbone).modality == "image" else (3, 512)
    samples = max(batch, CLASSES)
    x = np.random.default_rng(0).normal(size=(samples, *shape))
    task = Task.from_arrays(x, np.arange(samples) % CLASSES)
    settings = {"method": name, "backbone": backbone, "validation": 0, "probe_samples": 0, **CHOSEN}
    run = resolve(make_config({"task": task.name, **settings}), task)
    method = run.method
    assert isinstance(method, IterativeMethod)
    net, source = build(run)
    net.to(machine.device).train()
    machine.compile(net.blocks())
    more: tuple[Any, ...] = ()
    if name == "pare":
        assert source is not None
        rows = np.arange(batch) % len(source)
        more = (source.take(rows), source.labels(rows).to(machine.device))
    target = [torch.from_numpy(values[:batch]).to(machine.device) for values in (task.train.x, task.train.y)]
    optimizer = make_optimizer(net.parts(), run.config.optim, fused=machine.device.type == "cuda")
    generator = torch.Generator().manual_seed(0)
    return machine.step(
        optimizer,
        lambda: method.step(net, Batch(*target, *more), task.sample_losses, 0.0, generator).loss,
    )


def bare_step(backbone: Any, batch: int, machine: Machine) -> Callable[[], None]:
    """Make a step of the bare Hugging Face encoder with a linear head, on tokens of its own length.

    Args:
        backbone: Backbone, whose embedding stays out.
        batch: Samples in a batch.
        machine: Where it is taken.
    """
    head = torch.nn.Linear(backbone.feature_width, CLASSES)
    net = torch.nn.ModuleDict({"backbone": backbone, "head": head}).to(machine.device).train()
    machine.compile(backbone.blocks())
    tokens = torch.randn(batch, backbone.max_tokens, backbone.width, device=machine.device)
    labels = torch.arange(batch, device=machine.device) % CLASSES
    learning = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, fused=machine.device.type == "cuda" or None)
    return machine.step(
        optimizer, lambda: F.cross_entropy(head(backbone.pool(backbone.encode(tokens))), labels)
    )
