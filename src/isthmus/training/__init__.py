"""The one loop, checkpoints, run folders."""

from isthmus.training.fit import evaluate, fit
from isthmus.training.run import Run

__all__ = ["Run", "evaluate", "fit"]
