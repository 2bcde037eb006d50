"""The one loop, checkpoints, run folders."""

from isthmus.training.fit import fit
from isthmus.training.result import evaluate
from isthmus.training.run import Run

__all__ = ["Run", "evaluate", "fit"]
