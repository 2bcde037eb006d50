"""What a run will do, checked from end to end before anything is written."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch

from isthmus.augmentation import Augmentation, augmentations
from isthmus.config import RunConfig, complete, make_config
from isthmus.errors import InputError, unknown
from isthmus.methods import Built, Method, methods
from isthmus.model import CrossModalNet, Net
from isthmus.sources import Source
from isthmus.tasks import Split, Task, split_validation
from isthmus.training.schedules import schedules

Made = TypeVar("Made")

LEAST_EPOCH_STEPS = 20
BATCH_SIZE = 16
PARTS = ("embedder", "gate", "backbone", "predictor", "source_predictor")


@dataclass(frozen=True, eq=False)
class Plan:
    """All that a run is made of.

    Attributes:
        asked: the description of the run, complete: every option and every default is filled in.
        config: what is trained with: as asked for, unless the method searches and has found better.
        task: the target problem.
        train, validation: its training data, cut in two; validation may be missing.
        source: what is mixed in or aligned with, or None if the method needs none.
        method: what learns, and what a step costs.
        augment: what changes target samples at every step.
        net: what learns, prepared by the method.
    """

    asked: RunConfig
    config: RunConfig
    task: Task
    train: Split
    validation: Split | None
    source: Source | None
    method: Method[Any]
    augment: Augmentation
    net: Net


def make_plan(config: RunConfig, task: Task) -> Plan:
    """Everything that is asked for, made and tried on one sample.

    Raises:
        InputError: if anything is wrong, names and numbers before the first weight is loaded.
    """
    _check_machine(config)
    config = methods[config.method["name"]].fill(config, task)
    train, validation = cut(task, config)
    _check_validation(config, validation)
    config = fill_in(config, task, len(train))
    method = make_part(config.method, methods)
    augment = make_part(config.augment, augmentations)
    make_part(config.schedule, schedules)  # what is wrong with it is said now
    if augment.moves and task.output.size:
        raise InputError(
            f"the augmentation '{config.augment['name']}' moves positions, and '{task.name}' has targets"
            " given by position; give augment=none or one that changes values alone"
        )
    built = build(method, config, task, train)
    return Plan(built.config, built.config, task, train, validation, built.source, method, augment, built.net)


def build(method: Method[Any], config: RunConfig, task: Task, train: Split) -> Built[Any]:
    """What the method trains, prepared, and tried on one sample."""
    built = method.build(config, task)
    method.prepare(built.net, config.seed)
    if isinstance(built.net, CrossModalNet):
        for parameter in built.net.backbone.attention_projections(config.freeze):
            parameter.requires_grad_(False)
    with torch.no_grad():
        first = torch.from_numpy(train.x[np.arange(1)])
        method.dry_run(built.net.eval(), first, built.source)
    return built


def with_found(plan: Plan, found: Mapping[str, Any]) -> Plan:
    """The plan with settings that a search has found laid over what was asked for.

    Raises:
        InputError: if they are none.
    """
    config = make_config(plan.asked.model_dump() | dict(found))
    part = complete("method", config.method, methods[config.method["name"]])
    config, method = config.model_copy(update={"method": part}), make_part(part, methods)
    built = build(method, config, plan.task, plan.train)
    return replace(plan, config=built.config, method=method, net=built.net)


def cut(task: Task, config: RunConfig) -> tuple[Split, Split | None]:
    """Training and validation data: the published validation split if there is one, else cut from training's.

    Raises:
        InputError: if too few samples are left to cut from.
    """
    if task.validation is not None:
        return task.train, task.validation if config.validation else None
    return split_validation(task.train, config.validation, config.seed, task.stratified)


def fill_in(config: RunConfig, task: Task, samples: int) -> RunConfig:
    """Every option of every part, and every default that depends on the data.

    Raises:
        InputError: for an unknown augmentation, schedule, part or option, a batch larger than the training
            split, or a description made with other data.
    """
    size = config.batch_size or min(BATCH_SIZE, samples)
    if size > samples:
        raise InputError(f"the batch of {size} is larger than the training split of {samples} samples")
    for part in config.lr_scale:
        if part not in PARTS:
            raise unknown("part in lr_scale", part, PARTS)
    data = task.fingerprint()
    if config.data not in (None, data):
        raise InputError(
            f"the data of '{task.name}' has changed since this description was made; remove its 'data'"
        )
    method, augment, schedule = config.method, config.augment, config.schedule
    return config.model_copy(
        update={
            "method": complete("method", method, methods[method["name"]]),
            "augment": complete("augment", augment, augmentations[augment["name"]]),
            "schedule": complete("schedule", schedule, schedules[schedule["name"]]),
            "batch_size": size,
            "epoch_steps": config.epoch_steps or max(LEAST_EPOCH_STEPS, math.ceil(samples / size)),
            "data": data,
        }
    )


def make_part(part: Mapping[str, Any], registry: Mapping[str, Callable[..., Made]]) -> Made:
    """What a complete part of a description names, made with its options.

    Raises:
        InputError: if the options do not fit together.
    """
    options = dict(part)
    return registry[options.pop("name")](**options)


def align(plan: Plan) -> None:
    """What the method learns before the first step; a checkpoint holds it."""
    assert plan.source is not None
    assert plan.config.lr is not None
    plan.method.align(plan.net, plan.train, plan.source, plan.config.lr, plan.config.seed)


def _check_machine(config: RunConfig) -> None:
    devices = torch.cuda.device_count()
    if devices and config.devices > devices:
        raise InputError(f"{config.devices} devices were asked for and this machine has {devices}")
    if config.precision == "16" and not devices:
        raise InputError("precision 16 needs a GPU, and this machine has none; give 32, bf16 or auto")


def _check_validation(config: RunConfig, validation: Split | None) -> None:
    if validation is None and config.checkpoint == "best":
        raise InputError(
            "checkpoint=best chooses by validation error, and validation=0 leaves no data for it"
        )
    if validation is not None and config.devices > len(validation):
        raise InputError(
            f"{config.devices} devices are more than the {len(validation)} validation samples; give fewer"
        )
