"""What methods share that fine-tune a backbone: the net, its source, and which parts they touch."""

import logging
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from isthmus.backbones import load_backbone
from isthmus.config import RunConfig, complete
from isthmus.methods.method import Built, Method
from isthmus.model import CrossModalNet, NetSpec, embedders
from isthmus.seeding import derive_seed
from isthmus.sources import Source, check_source, load_source
from isthmus.store.paths import data_root
from isthmus.tasks import Task

log = logging.getLogger("isthmus")

DENSE_SOURCES = {"image": "procedural-masks"}
"""Modality -> the source of targets that have positions: its labels have them too, as published"""


class CrossModal(Method[CrossModalNet]):
    """Trains a net of embedder, backbone and predictor.

    Attributes:
        unused: parts of the net that its steps never touch.
    """

    unused: ClassVar[tuple[str, ...]] = ("gate", "source_predictor")

    @classmethod
    def fill(cls, config: RunConfig, task: Task) -> RunConfig:
        """Every option of the embedder."""
        for source in config.sources:
            check_source(source)  # an unknown one is said here, also where nothing is mixed
        embedder = complete("embedder", config.embedder, embedders[config.embedder["name"]])
        return config.model_copy(update={"embedder": embedder})

    def build(self, config: RunConfig, task: Task) -> Built[CrossModalNet]:
        """Backbone and source are loaded here."""
        backbone = load_backbone(config.backbone)
        if not config.dropout:
            backbone.stop_dropout()
        usual = DENSE_SOURCES.get(backbone.modality) if task.output.size else None
        name = config.source_for(backbone.modality) or usual or backbone.default_source
        needed = self.mixes or self.aligns
        if needed and config.sources and name not in config.sources:
            log.warning("the backbone reads %s, for which no source is named: %s", backbone.modality, name)
        source = _source(name, backbone.modality, data_root()) if needed else None
        config = config.model_copy(update={"source": name, "lr": config.lr or backbone.learning_rate})
        embedder = dict(config.embedder)
        spec = NetSpec.of(
            task,
            embedder=embedder.pop("name"),
            embedder_options=embedder,
            source_classes=1 if source is None else len(source.classes),
            source_size=() if source is None else source.size,
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "net"))
            net = CrossModalNet(backbone, spec)
        net.fit_scale(task)
        return Built(config, net, source)

    def prepare(self, net: CrossModalNet, seed: int) -> None:
        """Freeze the parts that are never touched."""
        for part in self.unused:
            for parameter in net.parts()[part]:
                parameter.requires_grad_(False)

    def dry_run(self, net: CrossModalNet, x: Tensor, source: Source | None) -> None:
        """A target sample, and a source sample if there are any."""
        super().dry_run(net, x, source)
        if source is not None:
            net.encode(net.embed_source(source.take(np.arange(1))))


@cache
def _source(name: str, modality: str, root: Path) -> Source:
    """Made once in a process, which may fit many runs."""
    return load_source(name, modality, root=root)
