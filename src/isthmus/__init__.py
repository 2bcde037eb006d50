"""isthmus: cross from a pretrained transformer's modality to yours, through intermediate modalities.

The names a user needs, imported when first used, so that `isthmus --help` answers at once.
"""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names
from isthmus.version import __version__

if TYPE_CHECKING:
    from isthmus.backbones import load_backbone
    from isthmus.bench import compare
    from isthmus.cross_validation import CrossValidation, cross_validate
    from isthmus.errors import InputError
    from isthmus.exports import export
    from isthmus.model import CrossModalNet
    from isthmus.plots import inspect
    from isthmus.reports import cite, push_to_hub, report
    from isthmus.tasks import Task, load_task
    from isthmus.tasks.custom import custom_task
    from isthmus.training import Run, fit
    from isthmus.training.pretrain import pretrain
    from isthmus.tuning import tune

__all__ = [
    "CrossModalNet",
    "CrossValidation",
    "InputError",
    "Run",
    "Task",
    "__version__",
    "cite",
    "compare",
    "cross_validate",
    "custom_task",
    "export",
    "fit",
    "inspect",
    "load_backbone",
    "load_task",
    "pretrain",
    "push_to_hub",
    "report",
    "tune",
]


__getattr__ = lazy_names(__name__)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
