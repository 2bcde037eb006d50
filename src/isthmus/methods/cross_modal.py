"""What methods share that fine-tune a pretrained backbone."""

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from isthmus.backbones import load_backbone
from isthmus.config.schema import RunConfig
from isthmus.methods.method import TRAINING_SETTINGS, IterativeMethod
from isthmus.model import CrossModalNet, NetSpec
from isthmus.seeding import derive_seed
from isthmus.sources import Source
from isthmus.tasks import Task


class CrossModalMethod(IterativeMethod[CrossModalNet]):
    """A method that trains a network of embedder, backbone and predictor.

    Attributes:
        frozen_parts: Parts of the network that its steps never touch.
    """

    settings = TRAINING_SETTINGS | {"backbone", "embedder", "dropout", "freeze"}
    parts = CrossModalNet.part_names
    frozen_parts: ClassVar[tuple[str, ...]] = ("gate", "source_predictor")

    def build(self, config: RunConfig, task: Task, source: Source | None = None) -> CrossModalNet:
        """Load the backbone, and put embedder and predictors around it."""
        backbone = load_backbone(config.model.backbone)
        if not config.model.dropout:
            backbone.stop_dropout()
        options = dict(config.model.embedder)
        spec = NetSpec.of(
            task,
            embedder=options.pop("name"),
            embedder_options=options,
            source_classes=1 if source is None else len(source.classes),
            source_size=() if source is None else source.size,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "net"))
            net = CrossModalNet(backbone, spec)
        net.fit_scale(task)
        self.prepare(net, config.seed)
        if config.model.freeze:
            for parameter in net.backbone.attention_projections(config.model.freeze):
                parameter.requires_grad_(False)
        return net

    def prepare(self, net: CrossModalNet, seed: int) -> None:
        """Freeze the parts that are never touched."""
        parts = net.parts()
        for name in self.frozen_parts:
            for parameter in parts[name]:
                parameter.requires_grad_(False)

    def dry_run(self, net: CrossModalNet, x: Tensor, source: Source | None) -> None:
        """Send a target sample through the network, and a source sample if there are any."""
        net(x)
        if source is not None:
            net.encode(net.embed_source(source.take(np.arange(1))))
