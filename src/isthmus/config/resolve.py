"""A run is resolved once: every name looked up, every default filled in, every check made.

Nothing is loaded or written here but the configuration of the backbone. Methods are asked for nothing but the
settings, options and parts that they declare.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from isthmus.augmentation import Augmentation, augmentations
from isthmus.backbones.loading import BackboneInfo, describe_backbone
from isthmus.config.files import FLAT_SCHEMA, read_settings, read_yaml
from isthmus.config.schema import RunConfig, RuntimeConfig, make_config
from isthmus.config.validation import complete_options
from isthmus.errors import InputError, unknown
from isthmus.methods import Method, NamedByTask, methods
from isthmus.model import embedders
from isthmus.schedules import Schedule, schedules
from isthmus.sources import check_source
from isthmus.tasks import Split, Task, split_validation

log = logging.getLogger("isthmus")

BATCH_SIZE = 16
LEAST_EPOCH_STEPS = 20
ALWAYS_USED = frozenset({"task", "seed", "method", "fingerprint"})

REGISTRIES: dict[str, Mapping[str, Any]] = {
    "method": methods,
    "embedder": embedders,
    "augment": augmentations,
    "schedule": schedules,
}
"""Settings that name a thing with options, and where such things are registered"""

DENSE_SOURCES = {"image": "procedural-masks"}
"""Modality -> default source where targets have positions: its labels have them too, as published"""


@dataclass(frozen=True, eq=False)
class ResolvedRun:
    """Everything that is known about a run before the first weight is loaded.

    Attributes:
        config: Complete settings, with those alone that the method uses.
        task: Target problem.
        train: Training samples, without those set aside for validation.
        validation: Validation samples, or None.
        method: What learns, and what a training step costs.
        augment: What changes target samples at every step.
        schedule: How the learning rate falls after its rise.
        backbone: What is known of the backbone without its weights, or None for a method without one.
    """

    config: RunConfig
    task: Task
    train: Split
    validation: Split | None
    method: Method[Any]
    augment: Augmentation
    schedule: Schedule
    backbone: BackboneInfo | None


def resolve(config: RunConfig, task: Task) -> ResolvedRun:
    """Complete the settings of a run for a task, and make what needs no weights.

    Raises:
        InputError: If anything is wrong: names and numbers first, then what does not fit the data, the machine,
            or together.
    """
    check_machine(config.runtime)
    config = complete_settings(config, task.expert)
    train, validation = split(task, config)
    augment = make("augment", config.data.augment)
    if augment.moves and task.output.size:
        raise InputError(
            f"the augmentation '{config.data.augment['name']}' moves positions, and '{task.name}' has targets"
            " given by position; give augment=none or one that changes values alone"
        )
    config = complete_for_data(config, task, len(train))
    backbone = describe_backbone(config.model.backbone) if "backbone" in _settings(config) else None
    config = complete_for_backbone(config, task, backbone)
    method, schedule = make("method", config.method), make("schedule", config.optim.schedule)
    return ResolvedRun(config, task, train, validation, method, augment, schedule, backbone)


def complete_settings(config: RunConfig, expert: str | Mapping[str, Any] | None = None) -> RunConfig:
    """Fill in every default that depends on no data, and refuse what the method does not use.

    Args:
        config: Settings as they were given.
        expert: Method that the task names as its expert's, a name or a name and options.

    Raises:
        InputError: For an unknown name or option, or a setting that the method does not use.
    """
    given = config.flat(only_given=True)
    method = methods[config.method["name"]]
    _check_used(given, config.method["name"])
    if issubclass(method, NamedByTask):
        if expert is None:
            raise InputError(f"the task '{config.task}' names no expert; give another method, such as wrn")
        named = {"name": expert} if isinstance(expert, str) else dict(expert)
        given["method"] = named | {key: value for key, value in config.method.items() if key != "name"}
        method = methods[named["name"]]
        given = {name: v for name, v in given.items() if name in method.settings | ALWAYS_USED}
    used = method.settings | ALWAYS_USED
    values = {name: value for name, value in config.flat().items() if name in used} | given
    for name in REGISTRIES.keys() & used:
        values[name] = complete_options(name, values[name], REGISTRIES[name][values[name]["name"]])
        if name != "embedder":  # which is made from the backbone
            make(name, values[name])  # options that do not fit together are told now
    for part in values.get("lr_scale", {}):
        if part not in method.parts:
            raise unknown("part in lr_scale", part, method.parts)
    check_sources(values.get("source"))
    return make_config(values)


def complete_for_data(config: RunConfig, task: Task, samples: int) -> RunConfig:
    """Fill in the defaults that depend on the data.

    Raises:
        InputError: If the batch is larger than the training split, or the settings were made for other data.
    """
    fingerprint = task.fingerprint()
    if config.data.fingerprint not in (None, fingerprint):
        raise InputError(
            f"the data of '{task.name}' has changed since this description was made; remove its 'fingerprint'"
        )
    values: dict[str, Any] = {"fingerprint": fingerprint}
    if "batch_size" in _settings(config):
        size = config.data.batch_size or min(BATCH_SIZE, samples)
        if size > samples:
            raise InputError(f"the batch of {size} is larger than the training split of {samples} samples")
        steps = config.optim.epoch_steps or max(LEAST_EPOCH_STEPS, math.ceil(samples / size))
        values |= {"batch_size": size, "epoch_steps": steps}
    return config.updated(**values)


def complete_for_backbone(config: RunConfig, task: Task, backbone: BackboneInfo | None) -> RunConfig:
    """Fill in the learning rate and the source: what suits the backbone, or the method that has none."""
    values: dict[str, Any] = {}
    if "lr" in _settings(config):
        usual = backbone.learning_rate if backbone else methods[config.method["name"]].learning_rate
        values["lr"] = config.optim.lr or usual
    if backbone and "source" in _settings(config):
        dense = DENSE_SOURCES.get(backbone.modality) if task.output.size else None
        asked = config.model.source
        named = asked.get(backbone.modality) if isinstance(asked, dict) else asked
        values["source"] = named or dense or backbone.default_source
        if asked and not named:
            log.warning(
                "the backbone reads %s, for which no source is named: %s", backbone.modality, values["source"]
            )
    return config.updated(**values)


def make(setting: str, part: Mapping[str, Any]) -> Any:
    """Make what a complete part of the settings names, with its options.

    Raises:
        InputError: If the options do not fit together.
    """
    options = dict(part)
    maker: Callable[..., Any] = REGISTRIES[setting][options.pop("name")]
    return maker(**options)


def split(task: Task, config: RunConfig) -> tuple[Split, Split | None]:
    """Return training and validation samples: the published split if there is one, else cut from training's.

    Raises:
        InputError: If too few samples are left to cut from, or none for what needs validation.
    """
    fraction = config.data.validation if "validation" in _settings(config) else 0.0
    if task.validation is not None:
        train, validation = task.train, task.validation if fraction else None
    else:
        train, validation = split_validation(task.train, fraction, config.seed, task.stratified)
    if validation is None and config.runtime.checkpoint == "best":
        raise InputError(
            "checkpoint=best chooses by validation error, and validation=0 leaves no data for it"
        )
    if validation is not None and config.runtime.devices > len(validation):
        raise InputError(
            f"{config.runtime.devices} devices are more than the {len(validation)} validation samples;"
            " give fewer"
        )
    return train, validation


def check_machine(runtime: RuntimeConfig) -> None:
    """Raise InputError unless the machine has the devices and the precision."""
    devices = torch.cuda.device_count()
    if devices and runtime.devices > devices:
        raise InputError(f"{runtime.devices} devices were asked for and this machine has {devices}")
    if runtime.precision == "16" and not devices:
        raise InputError("precision 16 needs a GPU, and this machine has none; give 32, bf16 or auto")


def check_sources(source: str | Mapping[str, str] | None) -> None:
    """Raise InputError if the setting `source` names a source that is not known."""
    for name in source.values() if isinstance(source, Mapping) else [source] if source else []:
        check_source(name)


def _check_used(settings: Iterable[str], method: str) -> None:
    """Raise InputError for a setting that the method does not use."""
    known = methods[method].settings
    for name in settings:
        if name not in known | ALWAYS_USED:
            raise InputError(
                f"the method '{method}' does not use the setting '{name}'; leave it out"
                + (f", or give one of: {', '.join(sorted(known))}" if known else ""),
                kind="conflict",
                key=name,
            )


def _settings(config: RunConfig) -> frozenset[str]:
    return methods[config.method["name"]].settings


def read_description(path: Path) -> dict[str, Any]:
    """Read the settings in a file.

    A run of the earlier schema kept settings that its method does not use; those are left out.

    Raises:
        InputError: If there is no such file, it holds no settings, or they are of another schema.
    """
    values = read_settings(path)
    if read_yaml(path).get("schema") != FLAT_SCHEMA:
        return values
    used = methods[make_config({"task": "", **values}).method["name"]].settings | ALWAYS_USED
    return {name: value for name, value in values.items() if name in used}


def without_unused(settings: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without those that a file has for its own method, if another was asked for.

    Args:
        settings: What is asked for: the file's settings, and what was given laid over them.
        file: Settings in the file.

    Raises:
        InputError: For an unknown setting or method, or a value that does not fit.
    """
    method, own = (make_config({"task": "", **values}).method["name"] for values in (settings, file))
    used = methods[method].settings | ALWAYS_USED
    return {
        name: value
        for name, value in settings.items()
        if method == own or name in used or name not in file or value != file[name]
    }
