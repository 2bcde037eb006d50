"""The probe before fine-tuning: an answer within seconds, and what fine-tuning has to beat."""

import logging
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from isthmus.config.resolve import ResolvedRun
from isthmus.methods import Aligning
from isthmus.methods.cross_modal import CrossModalMethod
from isthmus.methods.probe import fit_probe, some_samples
from isthmus.model import CrossModalNet, Net
from isthmus.model.evaluation import evaluate, on_device

log = logging.getLogger("isthmus")


@dataclass(frozen=True)
class FirstProbe:
    """Result of the probe of a network as it starts.

    Attributes:
        cross_validation_error: Error on training samples that were left out.
        validation_error: Error on the validation samples; None where there are none.
        seconds: Time that it took.
        weights: All weights of the network with the probe's predictor, by name.
    """

    cross_validation_error: float
    validation_error: float | None
    seconds: float
    weights: dict[str, Tensor]

    def figures(self) -> dict[str, Any]:
        """Return what `result.json` holds of it."""
        return {
            "cross_validation_error": self.cross_validation_error,
            "validation_error": self.validation_error,
        }

    def beats(self, validation_error: float | None) -> bool:
        """Return whether its validation error is below another one; False where one of them is None."""
        return (
            self.validation_error is not None
            and validation_error is not None
            and self.validation_error < validation_error
        )


def probe_first(run: ResolvedRun, net: Net) -> FirstProbe | None:
    """Fit a probe to the network as it starts, and measure it; return None where there is no use for one.

    The network starts with the probe's predictor, or keeps its own where `predictor_start` is new.
    """
    samples = run.config.model.probe_samples
    wanted = isinstance(run.method, CrossModalMethod) and run.method.is_pretrained and samples > 0
    if not wanted or not isinstance(net, CrossModalNet) or len(run.train) < 2:
        return None
    began = time.monotonic()
    train = some_samples(run.train, samples)
    fitted = fit_probe(net, train)
    start = {name: weight.clone() for name, weight in net.state_dict().items()}
    fitted.give_to(net)
    with_probe = {name: weight.clone() for name, weight in net.state_dict().items()}
    validation = None
    if run.validation is not None:
        with on_device(net):
            validation = evaluate(net, run.task, run.validation)[run.task.metric]
    # An alignment comes between the probe and the training, and changes the features.
    if run.config.model.predictor_start == "new" or isinstance(run.method, Aligning):
        net.load_state_dict(start)
    error = fitted.error(run.task, np.asarray(train.y))
    seconds = round(time.monotonic() - began, 2)
    log.info(
        "probe of the frozen backbone: cross-validated error %.4g, validation error %s, in %.1f s",
        error,
        "none" if validation is None else f"{validation:.4g}",
        seconds,
    )
    return FirstProbe(error, validation, seconds, with_probe)
