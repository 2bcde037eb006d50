"""Base classes of the methods that build on a pretrained backbone."""

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from isthmus.backbones import load_backbone
from isthmus.config.schema import RunConfig
from isthmus.methods.frozen_features import frozen_inputs
from isthmus.methods.method import TRAINING_SETTINGS, IterativeMethod, Method
from isthmus.model import CrossModalNet, NetSpec, embedders
from isthmus.seeding import derive_seed
from isthmus.sources import Source
from isthmus.store.arrays import evenly_spaced
from isthmus.tasks import Task

READOUT_SAMPLES = 512


class OnBackbone(Method[CrossModalNet]):
    """A method whose network has an embedder, a backbone and predictors.

    Attributes:
        frozen_parts: Parts of the network that it never touches.
    """

    settings = frozenset({"backbone", "image_size", "embedder", "scale", "readout", "probe_samples"})
    parts = CrossModalNet.part_names
    libraries = ("transformers",)
    frozen_parts: ClassVar[tuple[str, ...]] = ("gate", "source_predictor")

    def build(self, config: RunConfig, task: Task, source: Source | None = None) -> CrossModalNet:
        """Load the backbone, and put embedder and predictors around it."""
        backbone = load_backbone(config.model.backbone, config.model.image_size)
        if not config.model.dropout:
            backbone.stop_dropout()
        options = dict(config.model.embedder)
        embedder = options.pop("name")
        spec = NetSpec.of(
            task,
            embedder=embedder,
            embedder_options=embedders[embedder].fitted(options, backbone, task),
            source_classes=1 if source is None else len(source.classes),
            source_size=() if source is None else source.size,
            readout=config.model.readout,
            scale=config.model.scale,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "net"))
            net = CrossModalNet(backbone, spec)
        net.fit_scale(task)
        self.prepare(net, config.seed)
        self.fit_readout(net, task)
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

    def fit_readout(self, net: CrossModalNet, task: Task) -> None:
        """Let the predictors standardise their inputs by the features of training samples as the net starts.

        At most `READOUT_SAMPLES` evenly spaced samples are looked at.
        """
        if not net.readout.all_stages:
            return
        index = evenly_spaced(len(task.train), READOUT_SAMPLES)
        heads = [*net.heads(), net.source_predictor]
        for head, inputs in zip(heads, frozen_inputs(net, task.train.x[index], heads), strict=True):
            head.fit_scale(inputs)

    def dry_run(self, net: CrossModalNet, x: Tensor, source: Source | None) -> None:
        """Send a target sample through the network, and a source sample if there are any."""
        net(x)
        if source is not None:
            net.encode(net.embed_source(source.take(np.arange(1))))


class CrossModalMethod(OnBackbone, IterativeMethod[CrossModalNet]):
    """A method that trains embedder, backbone and predictors by gradient steps.

    Attributes:
        is_pretrained: Whether it starts from the backbone's own weights and changes them, so that a probe of
            these says what the changes have to beat.
    """

    settings = (
        TRAINING_SETTINGS
        | OnBackbone.settings
        | {
            "dropout",
            "freeze",
            "gradient_checkpointing",
            "predictor_start",
        }
    )
    is_pretrained: ClassVar[bool] = True
