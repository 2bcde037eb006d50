"""Names that a shell completes, and checks of names that were given, before anything heavy is imported."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.errors import InputError
from isthmus.registry import Registry

if TYPE_CHECKING:
    from isthmus.config import RunConfig


def kinds() -> list[str]:
    """Return the kinds of things that can be listed, for a shell to complete."""
    from isthmus.listing import LISTINGS

    return list(LISTINGS)


def task_names() -> list[str]:
    """Return the names of tasks, for a shell to complete."""
    from isthmus.tasks import tasks

    return list(tasks)


def data_names() -> list[str]:
    """Return the names of tasks and sources whose data lies on a disk, for a shell to complete."""
    from isthmus.datasets import datasets

    return list(datasets())


def method_names() -> list[str]:
    """Return the names of methods, for a shell to complete."""
    from isthmus.methods import methods

    return list(methods)


def check_task(name: str) -> None:
    """Raise InputError unless a task has this name."""
    from isthmus.tasks import tasks

    tasks.check(name)


def check_predictor(folder: Path) -> None:
    """Raise InputError unless a folder is that of a finished run or cross-validation."""
    if not is_cross_validation(folder):
        check_run(folder)


def is_cross_validation(folder: Path) -> bool:
    """Return whether a folder is that of a finished cross-validation."""
    return (folder / "cross_validation.json").is_file()


def check_run(folder: Path) -> None:
    """Raise InputError unless a folder is that of a finished run."""
    if is_cross_validation(folder):
        message = f"'{folder}' is the folder of a cross-validation; give a run of it, such as"
        raise InputError(f"{message} '{folder / 'fold-1'}'", kind="file", key=folder)
    if not (folder / "result.json").is_file():
        message = f"'{folder}' is not the folder of a finished run: it has no result.json"
        raise InputError(message, kind="file", key=folder)


def check_grid(tasks: Iterable[str], methods: Iterable[str], file: Path | None) -> None:
    """Raise InputError unless all tasks and methods of a grid exist, and its file can be read."""
    from isthmus.config import read_yaml
    from isthmus.methods import methods as known

    for task in tasks:
        check_task(task)
    for method in methods:
        known.check(method)
    if file is not None:
        read_yaml(file)


def check_names(config: "RunConfig") -> None:
    """Raise InputError for the first name among the settings that nothing has.

    Backbones and sources are left out: they may be folders, or names on the hub.

    Args:
        config: Settings as they were given.
    """
    from isthmus.augmentation import augmentations
    from isthmus.config.parts import AUTO
    from isthmus.loggers import loggers
    from isthmus.methods import methods
    from isthmus.model import embedders
    from isthmus.schedules import schedules

    named: tuple[tuple[Registry[Any], dict[str, Any] | None], ...] = (
        (methods, config.method),
        (embedders, config.model.embedder),
        (augmentations, config.data.augment),
        (schedules, config.optim.schedule),
        (loggers, config.runtime.logger),
    )
    for registry, part in named:
        if part is not None and part["name"] != AUTO:
            registry.check(part["name"])
