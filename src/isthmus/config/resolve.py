"""A run is resolved once: every name looked up, every default filled in, every check made.

Of the backbone only the configuration is read, and of the method only what its class declares.
"""

import logging
import math
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from isthmus.augmentation import Augmentation, augmentations
from isthmus.backbones.loading import BackboneInfo, default_source, describe_backbone
from isthmus.config.parts import AUTO, as_part
from isthmus.config.schema import RunConfig, RuntimeConfig, make_config
from isthmus.config.validation import complete_options
from isthmus.errors import InputError, unknown
from isthmus.launchers import check_launched, launched
from isthmus.loggers import loggers
from isthmus.methods import Method, NamedByTask, Searching, methods
from isthmus.model import embedders
from isthmus.schedules import Schedule, schedules
from isthmus.sources import check_source
from isthmus.tasks import Split, Task, split_validation
from isthmus.tasks.class_weights import with_balanced_classes

log = logging.getLogger("isthmus")

BATCH_SIZE = 16
LEAST_EPOCH_STEPS = 20
ALWAYS_USED = frozenset({"task", "seed", "method", "fingerprint"})
CHOICES = ("backbone", "embedder", "scale", "augment")
"""Settings that can be `auto`, to be chosen by cross-validation"""

COMPILERS = ("c++", "g++", "clang++", "cl")

# Settings that name a thing with options, and where such things are registered.
REGISTRIES: dict[str, Mapping[str, Any]] = {
    "method": methods,
    "embedder": embedders,
    "augment": augmentations,
    "schedule": schedules,
    "logger": loggers,
}


@dataclass(frozen=True, eq=False)
class ResolvedRun:
    """Everything that is known about a run before the first weight is loaded.

    Attributes:
        config: Complete settings, with those alone that the method uses.
        task: Target problem.
        train: Training samples, without those set aside for validation.
        validation: Validation samples, or None.
        method: What learns, and what a training step costs.
        augment: What changes target samples at every step, or None.
        schedule: How the learning rate falls after its rise.
        backbone: What is known of the backbone without its weights, or None for a method without one.
    """

    config: RunConfig
    task: Task
    train: Split
    validation: Split | None
    method: Method[Any]
    augment: Augmentation | None = None
    schedule: Schedule | None = None
    backbone: BackboneInfo | None = None

    @property
    def choices(self) -> list[str]:
        """Names of the settings that are left to be chosen by cross-validation."""
        values = self.config.flat(only_given=True)
        return [name for name in CHOICES if name in values and _is_auto(values[name])]


def resolve(config: RunConfig, task: Task) -> ResolvedRun:
    """Complete the settings of a run for a task, and make what needs no weights.

    Raises:
        InputError: If anything is wrong: names and numbers first, then what does not fit data or machine.
    """
    config = complete_settings(config, task.expert)
    method = make("method", config.method)
    check_weights(config, task, method)
    validates = "validation" in method.settings
    fraction = config.data.validation if validates else 0.0
    data = task
    if validates and not fraction:
        task = task.trained_on_all()
    train, validation = task.train, task.validation if fraction else None
    if task.validation is None:
        train, validation = split_validation(train, fraction, config.seed, task.stratified)
    check_runtime(config.runtime, validation)
    if validation is None and config.optim.patience is not None:
        message = (
            "patience counts epochs without a better validation error, and validation=0 leaves no data for it"
        )
        raise InputError(message, kind="conflict", key="patience")
    config = config.updated(**defaults_from_data(config, data, train, validation, method.settings))
    task = task.trained_on(train, validation)
    if config.data.class_weights == "balanced":
        task = with_balanced_classes(task)
    return with_defaults(ResolvedRun(config, task, task.train, task.validation, method))


def check_weights(config: RunConfig, task: Task, method: Method[Any]) -> None:
    """Raise InputError if samples or classes have weights that the method or the task cannot use."""
    name, data = config.method["name"], config.data
    balanced = {key: getattr(data, key) == "balanced" for key in ("class_weights", "sampling")}
    asked = {"sample_weight": ("sample weights", task.train.weights is not None)}
    asked |= {key: (f"{key}=balanced", is_balanced) for key, is_balanced in balanced.items()}
    for key, (what, is_asked) in asked.items():
        if is_asked and (not method.weighs_samples or isinstance(method, Searching)):
            message = f"the method '{name}' cannot use {what}; go without, or give one that learns by steps,"
            raise InputError(f"{message} such as nft or pare", kind="conflict", key=key)
    if all(balanced.values()):
        message = "class_weights=balanced and sampling=balanced do the same; give one of them"
        raise InputError(message, kind="conflict", key="sampling")
    if balanced["sampling"] and not task.stratified:
        message = f"sampling=balanced is for tasks with one class a sample, and '{task.name}' is {task.kind}"
        raise InputError(f"{message}; leave it out", kind="conflict", key="sampling")


def with_defaults(run: ResolvedRun) -> ResolvedRun:
    """Fill in the defaults that depend on the backbone, and make augmentation and schedule."""
    config, method, part = run.config, run.method, run.config.data.augment
    augment: Augmentation | None = make("augment", part) if part and _is_part(part) else None
    if part and augment and augment.moves and run.task.output.size:
        message = (
            f"the augmentation '{part['name']}' moves positions, and '{run.task.name}' has targets given by"
        )
        message += " position; give augment=none or one that changes values alone"
        raise InputError(message, kind="conflict", key="augment")
    has_backbone = "backbone" in method.settings and "backbone" not in run.choices
    backbone = describe_backbone(config.model.backbone) if has_backbone else None
    config = config.updated(**defaults_from_network(config, run.task, backbone, method))
    schedule = make("schedule", config.optim.schedule)
    return replace(run, config=config, augment=augment, schedule=schedule, backbone=backbone)


def updated(run: ResolvedRun, settings: Mapping[str, Any]) -> ResolvedRun:
    """Return the run with settings that were found or chosen; raise InputError if they do not fit."""
    config = complete_settings(run.config.updated(**settings))
    return with_defaults(replace(run, config=config, method=make("method", config.method)))


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
    for name in sorted(given.keys() - method.settings - ALWAYS_USED):
        message = f"the method '{config.method['name']}' does not use the setting '{name}'; leave it out"
        message += f", or give one of: {', '.join(sorted(method.settings))}" if method.settings else ""
        raise InputError(message, kind="conflict", key=name)
    if issubclass(method, NamedByTask):
        if expert is None:
            message = f"the task '{config.task}' names no expert; give another method, such as wrn"
            raise InputError(message, kind="missing", key="expert")
        given["method"] = {"name": expert} if isinstance(expert, str) else dict(expert)
        method = methods[given["method"]["name"]]
        given["method"] |= {key: value for key, value in config.method.items() if key != "name"}
        given = {name: value for name, value in given.items() if name in method.settings | ALWAYS_USED}
    used = method.settings | ALWAYS_USED
    values = {name: value for name, value in config.flat().items() if name in used} | given
    if "backbone" not in used and _is_auto(values.get("augment")):
        values["augment"] = None  # there is nothing to choose by
    values = complete_parts(values)
    for name in REGISTRIES:
        if _is_part(values.get(name)) and name != "embedder":  # which is made from the backbone
            make(name, values[name])  # options that do not fit together are told now
    for part in values.get("lr_scale") or {}:
        if part not in method.parts:
            raise unknown("part in lr_scale", part, method.parts)
    return make_config(values)


def complete_parts(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with every option of the parts among them; raise InputError for an unknown name."""
    parts = {name: settings[name] for name in REGISTRIES if _is_part(settings.get(name))}
    for name, part in parts.items():
        if part["name"] == AUTO and name in CHOICES:
            option = next(key for key in part if key != "name")
            message = f"{name}=auto has no option '{option}'; name one of {', '.join(REGISTRIES[name])}"
            raise InputError(message, kind="conflict", key=name)
    completed = {name: complete_options(name, p, REGISTRIES[name][p["name"]]) for name, p in parts.items()}
    source = settings.get("source")
    for name in source.values() if isinstance(source, Mapping) else [source] if source else []:
        check_source(name)
    return {**settings, **completed}


def _is_auto(value: object) -> bool:
    """Return whether a setting is left to be chosen by cross-validation."""
    return as_part(value) == {"name": AUTO}


def _is_part(value: object) -> bool:
    """Return whether a setting names something: it is neither absent nor `auto`."""
    return value is not None and not _is_auto(value)


def defaults_from_data(
    config: RunConfig, task: Task, train: Split, validation: Split | None, used: Collection[str]
) -> dict[str, Any]:
    """Return the settings whose defaults depend on the data; raise InputError for what does not fit it."""
    fingerprint = task.fingerprint()
    if config.data.fingerprint not in (None, fingerprint):
        message = (
            f"the data of '{task.name}' has changed since these settings were made; remove 'fingerprint'"
        )
        raise InputError(message, kind="conflict", key="fingerprint")
    if "batch_size" not in used:
        return {"fingerprint": fingerprint}
    size = config.data.batch_size or min(BATCH_SIZE, len(train))
    if size > len(train):
        message = f"the batch of {size} is larger than the training split of {len(train)} samples"
        raise InputError(message, key="batch_size")
    steps = config.optim.epoch_steps or max(LEAST_EPOCH_STEPS, math.ceil(len(train) / size))
    checkpoint = config.runtime.checkpoint or ("last" if validation is None else "best")
    return {"fingerprint": fingerprint, "batch_size": size, "epoch_steps": steps, "checkpoint": checkpoint}


def defaults_from_network(
    config: RunConfig, task: Task, backbone: BackboneInfo | None, method: Method[Any]
) -> dict[str, Any]:
    """Return the settings whose defaults suit the backbone, or the method that has none."""
    values: dict[str, Any] = {}
    if "lr" in method.settings:
        values["lr"] = config.optim.lr or (backbone.learning_rate if backbone else method.learning_rate)
        recommended = {} if backbone is None else backbone.lr_scale
        given = config.optim.lr_scale
        values["lr_scale"] = dict(recommended) if given is None else given
    if backbone is not None:
        values["image_size"] = config.model.image_size or backbone.image_size
        values["readout"] = config.model.readout or backbone.readout
    if backbone is not None and "source" in method.settings:
        asked = config.model.source
        source = asked.get(backbone.modality) if isinstance(asked, dict) else asked
        values["source"] = source or default_source(backbone, task.output.size)
        if asked and not source:
            message = "the backbone reads %s, for which no source is named: %s"
            log.warning(message, backbone.modality, values["source"])
    return values


def make(setting: str, part: Mapping[str, Any]) -> Any:
    """Make what a complete part of the settings names; raise InputError if its options do not fit."""
    options = {key: value for key, value in part.items() if key != "name"}
    return REGISTRIES[setting][part["name"]](**options)


def has_compiler() -> bool:
    """Return whether this machine has a C++ compiler, which torch.compile calls."""
    return any(map(shutil.which, COMPILERS))


def check_runtime(runtime: RuntimeConfig, validation: Split | None) -> None:
    """Raise InputError unless the machine and the validation samples suffice for what is asked for."""
    devices = torch.cuda.device_count()
    if devices and runtime.devices > devices:
        message = f"{runtime.devices} devices were asked for and this machine has {devices}"
        raise InputError(message, key="devices")
    if runtime.precision == "16" and not devices:
        message = "precision 16 needs a GPU, and this machine has none; give 32, bf16 or auto"
        raise InputError(message, key="precision")
    if runtime.compile == "blocks" and not has_compiler():
        message = "compile=blocks needs a C++ compiler such as g++, and this machine has none; give none"
        raise InputError(message, kind="dependency", key="compile")
    if validation is None and runtime.checkpoint == "best":
        message = "checkpoint=best chooses by validation error, and validation=0 leaves no data for it"
        raise InputError(message, kind="conflict", key="checkpoint")
    every = runtime.devices * runtime.nodes
    if validation is not None and every > len(validation):
        message = f"{every} devices are more than the {len(validation)} validation samples; give fewer"
        raise InputError(message, key="devices")
    check_launched(runtime.devices, runtime.nodes)
    if launched() is None and runtime.devices > 1 and not hasattr(sys.modules["__main__"], "__file__"):
        message = f"{runtime.devices} devices are as many processes that run the same script, and this is an"
        message += (
            " interactive session or a script from standard input; give devices=1, or use the command line"
        )
        message += " or the file of a script"
        raise InputError(message, kind="conflict", key="devices")
