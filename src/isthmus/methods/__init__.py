"""Methods: which parameters learn, and what one step costs."""

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
    methods,
)

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
