"""What a run will do, checked from end to end before anything is written."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
import torch

from isthmus.augmentation import Augmentation, augmentations
from isthmus.backbones import Backbone, load_backbone
from isthmus.config import RunConfig, complete
from isthmus.errors import InputError, unknown
from isthmus.methods import Method, methods
from isthmus.model import CrossModalNet, NetSpec, embedders
from isthmus.seeding import derive_seed
from isthmus.sources import Source, load_source, sources
from isthmus.tasks import Split, Task, split_validation

Made = TypeVar("Made")

LEAST_EPOCH_STEPS = 20
BATCH_SIZE = 16
PARTS = ("embedder", "gate", "backbone", "predictor", "source_predictor")


@dataclass(frozen=True, eq=False)
class Plan:
    """All that a run is made of.

    Attributes:
        config: complete: every option and every default that depends on data or backbone is filled in.
        task: the target problem.
        train, validation: its training data, cut in two; validation may be missing.
        source: what is mixed in or aligned with, or None if the method needs none.
        method: what a step costs.
        augment: what changes target samples at every step.
        net: what learns, prepared by the method.
    """

    config: RunConfig
    task: Task
    train: Split
    validation: Split | None
    source: Source | None
    method: Method
    augment: Augmentation
    net: CrossModalNet


def make_plan(config: RunConfig, task: Task) -> Plan:
    """Everything that is asked for, made and tried on one sample.

    Raises:
        InputError: if anything is wrong, names and numbers before the first weight is loaded.
    """
    _check_machine(config)
    train, validation = cut(task, config)
    _check_validation(config, validation)
    config = fill_in(config, task, len(train))
    method = make_part(config.method, methods)
    augment = make_part(config.augment, augmentations)
    if augment.moves and task.output.size:
        raise InputError(
            f"the augmentation '{config.augment['name']}' moves positions, and '{task.name}' has targets"
            " given by position; give augment=none or one that changes values alone"
        )
    backbone = load_backbone(config.backbone)
    config = suit(config, backbone)
    assert config.source is not None
    needs_source = method.mixes or method.aligns
    source = _source(config.source, backbone.modality) if needs_source else None
    net = build_net(config, task, backbone, source)
    method.prepare(net, config.seed)
    _try(net, train, source)
    return Plan(config, task, train, validation, source, method, augment, net)


def cut(task: Task, config: RunConfig) -> tuple[Split, Split | None]:
    """Training and validation data: the published validation split if there is one, else cut from training's.

    Raises:
        InputError: if too few samples are left to cut from.
    """
    if task.validation is not None:
        return task.train, task.validation if config.validation else None
    return split_validation(task.train, config.validation, config.seed, task.stratified)


def fill_in(config: RunConfig, task: Task, samples: int) -> RunConfig:
    """Every option of method, embedder and augmentation, and every default that depends on the data.

    Raises:
        InputError: for an unknown method, embedder, augmentation, source, part or option, a batch larger
            than the training split, or a description made with other data.
    """
    size = config.batch_size or min(BATCH_SIZE, samples)
    if size > samples:
        raise InputError(f"the batch of {size} is larger than the training split of {samples} samples")
    for part in config.lr_scale:
        if part not in PARTS:
            raise unknown("part in lr_scale", part, PARTS)
    if config.source is not None:
        sources[config.source]  # an unknown name is said here, also where nothing is mixed
    data = task.fingerprint()
    if config.data not in (None, data):
        raise InputError(
            f"the data of '{task.name}' has changed since this description was made; remove its 'data'"
        )
    method, embedder, augment = config.method, config.embedder, config.augment
    return config.model_copy(
        update={
            "method": complete("method", method, methods[method["name"]]),
            "embedder": complete("embedder", embedder, embedders[embedder["name"]]),
            "augment": complete("augment", augment, augmentations[augment["name"]]),
            "batch_size": size,
            "epoch_steps": config.epoch_steps or max(LEAST_EPOCH_STEPS, math.ceil(samples / size)),
            "data": data,
        }
    )


def suit(config: RunConfig, backbone: Backbone) -> RunConfig:
    """The defaults that depend on the backbone."""
    return config.model_copy(
        update={
            "source": config.source or backbone.default_source,
            "lr": config.lr or backbone.learning_rate,
        }
    )


def make_part(part: Mapping[str, Any], registry: Mapping[str, Callable[..., Made]]) -> Made:
    """What a complete part of a description names, made with its options.

    Raises:
        InputError: if the options do not fit together.
    """
    options = dict(part)
    return registry[options.pop("name")](**options)


def build_net(config: RunConfig, task: Task, backbone: Backbone, source: Source | None) -> CrossModalNet:
    """The network of a complete description, its new parts drawn from the seed.

    Raises:
        InputError: if task, embedder and backbone do not fit together.
    """
    embedder = dict(config.embedder)
    spec = NetSpec(
        task=task.name,
        kind=task.kind,
        input_shape=task.input_shape,
        output_channels=task.output.channels,
        output_size=task.output.size,
        classes=task.classes,
        embedder=embedder.pop("name"),
        embedder_options=embedder,
        source_classes=1 if source is None else len(source.classes),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(config.seed, "net"))
        net = CrossModalNet(backbone, spec)
    net.fit_scale(task)
    return net


def align(plan: Plan) -> None:
    """What the method learns before the first step; a checkpoint holds it."""
    assert plan.source is not None
    assert plan.config.lr is not None
    plan.method.align(plan.net, plan.train, plan.source, plan.config.lr, plan.config.seed)


@cache
def _source(name: str, modality: str) -> Source:
    """Made once in a process, which may fit many runs."""
    return load_source(name, modality)


def _check_machine(config: RunConfig) -> None:
    devices = torch.cuda.device_count()
    if devices and config.devices > devices:
        raise InputError(f"{config.devices} devices were asked for and this machine has {devices}")
    if config.precision == "16" and not devices:
        raise InputError("precision 16 needs a GPU, and this machine has none; give 32, bf16 or auto")


def _check_validation(config: RunConfig, validation: Split | None) -> None:
    if validation is None and config.keep == "best":
        raise InputError("keep=best chooses by validation error, and validation=0 leaves no data for it")
    if validation is not None and config.devices > len(validation):
        raise InputError(
            f"{config.devices} devices are more than the {len(validation)} validation samples; give fewer"
        )


@torch.no_grad()
def _try(net: CrossModalNet, train: Split, source: Source | None) -> None:
    """One sample through the net, so that what does not fit is said before training."""
    first = np.arange(1)
    net.eval()
    net(torch.from_numpy(train.x[first]))
    if source is not None:
        net.encode(net.embed_source(source.take(first)))
