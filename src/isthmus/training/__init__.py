"""The one training loop, checkpoints, run folders."""

from isthmus.model.evaluation import evaluate
from isthmus.training.fit import fit
from isthmus.training.run_folder import Run

__all__ = ["Run", "evaluate", "fit"]
