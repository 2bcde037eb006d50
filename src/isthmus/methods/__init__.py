"""Methods: which parameters learn, and what one step costs."""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.methods.method import (
        NONE,
        TRAINING_SETTINGS,
        Aligning,
        Batch,
        IterativeMethod,
        Loss,
        Method,
        NamedByTask,
        OneShotMethod,
        Restoring,
        Searching,
        Step,
    )
    from isthmus.methods.registry import methods

__all__ = [
    "NONE",
    "TRAINING_SETTINGS",
    "Aligning",
    "Batch",
    "IterativeMethod",
    "Loss",
    "Method",
    "NamedByTask",
    "OneShotMethod",
    "Restoring",
    "Searching",
    "Step",
    "methods",
]

__getattr__ = lazy_names(__name__)
