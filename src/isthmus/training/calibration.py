"""Probabilities, sets of classes and intervals that are calibrated on outputs for samples not trained on."""

import math
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor

from isthmus.errors import InputError
from isthmus.tasks import ProblemType
from isthmus.training.kept import SavedOutputs


def scale_by_temperature(kind: ProblemType, held_out: SavedOutputs, outputs: Tensor) -> Tensor:
    """Scale outputs by the temperature that fits held-out samples best (Guo et al., ICML 2017)."""
    known = torch.from_numpy(held_out.output).float()
    return outputs * kind.logit_factor(known, torch.from_numpy(held_out.y))


def conformal_sets(known: np.ndarray, y: np.ndarray, new: np.ndarray, confidence: float) -> np.ndarray:
    """Compute the sets of classes that hold the true one with a probability (Vovk et al., 2005).

    A class is in the set unless its probability is lower than that of the true class in all but a few of the
    held-out samples.

    Args:
        known: Probabilities for held-out samples, [M, K].
        y: Their classes, [M].
        new: Probabilities for new samples, [N, K].
        confidence: Probability in (0, 1).

    Returns:
        Whether each class is in the set, [N, K].

    Raises:
        InputError: If there are too few held-out samples, or crepes is missing.
    """
    _check(len(y), confidence)
    from crepes import ConformalClassifier
    from crepes.extras import hinge

    fitted = ConformalClassifier().fit(hinge(known, np.arange(known.shape[1]), y))
    found: np.ndarray = fitted.predict_set(hinge(new), confidence=confidence, smoothing=False) > 0
    return found


def conformal_intervals(
    known: np.ndarray, y: np.ndarray, new: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Compute intervals that hold the true number with a probability (Papadopoulos et al., ECML 2002).

    Their half-width is a quantile of the errors for held-out samples, for each target by itself.

    Args:
        known: Predictions for held-out samples, [M, C'].
        y: What is true of them, [M, C'].
        new: Predictions for new samples, [N, C'].
        confidence: Probability in (0, 1).

    Returns:
        Lower and upper ends, [N, C'] each.

    Raises:
        InputError: If there are too few held-out samples, or crepes is missing.
    """
    _check(len(y), confidence)
    from crepes import ConformalRegressor

    parts = []
    for target in range(new.shape[1]):
        fitted = ConformalRegressor().fit(y[:, target] - known[:, target])
        parts.append(fitted.predict_int(new[:, target], confidence=confidence))
    ends = np.stack(parts, 1)
    return ends[..., 0], ends[..., 1]


def _check(samples: int, confidence: float) -> None:
    """Raise InputError unless a probability can be held to with so many samples, and crepes is there."""
    if not 0 < confidence < 1:
        message = f"the confidence is {confidence}; give a number above 0 and below 1, such as 0.9"
        raise InputError(message, key="intervals")
    needed = math.ceil(round(1 / (1 - confidence), 6))
    if samples < needed:
        raise InputError(
            f"a confidence of {confidence} needs {needed} held-out samples, and the run has {samples}; give a"
            " lower one, or cross-validate: isthmus fit --folds 5",
            kind="conflict",
            key="intervals",
        )
    if find_spec("crepes") is None:
        message = "sets and intervals are computed by the package crepes: pip install isthmus[conformal]"
        raise InputError(message, kind="dependency", key="crepes")
