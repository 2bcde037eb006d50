"""isthmus: cross from a pretrained transformer's modality to yours, through intermediate modalities.

The names a user needs, imported when first used, so that `isthmus --help` answers at once.
"""

import importlib
from typing import TYPE_CHECKING, Any

from isthmus.version import __version__

if TYPE_CHECKING:
    from isthmus.backbones import load_backbone
    from isthmus.bench import compare
    from isthmus.errors import InputError
    from isthmus.model import CrossModalNet
    from isthmus.plots import inspect
    from isthmus.reports import report
    from isthmus.tasks import Task, load_task
    from isthmus.tasks.custom import custom_task
    from isthmus.training import Run, fit
    from isthmus.training.pretrain import pretrain

_HOMES = {
    "CrossModalNet": "isthmus.model",
    "InputError": "isthmus.errors",
    "Run": "isthmus.training",
    "Task": "isthmus.tasks",
    "compare": "isthmus.bench",
    "custom_task": "isthmus.tasks.custom",
    "fit": "isthmus.training",
    "inspect": "isthmus.plots",
    "load_backbone": "isthmus.backbones",
    "load_task": "isthmus.tasks",
    "pretrain": "isthmus.training.pretrain",
    "report": "isthmus.reports",
}

__all__ = [
    "CrossModalNet",
    "InputError",
    "Run",
    "Task",
    "__version__",
    "compare",
    "custom_task",
    "fit",
    "inspect",
    "load_backbone",
    "load_task",
    "pretrain",
    "report",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
        return value
    try:
        return importlib.import_module(f"isthmus.{name}")  # rooms of the house: isthmus.mixing ...
    except ModuleNotFoundError as error:
        if error.name != f"isthmus.{name}":
            raise
        raise AttributeError(f"module 'isthmus' has no attribute '{name}'") from None


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
