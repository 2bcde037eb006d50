"""The weights that a training ends with: of its last epoch, of its best one, or of the probe."""

import logging
from dataclasses import dataclass
from pathlib import Path

from isthmus.model import Net
from isthmus.training.callbacks import BEST, History
from isthmus.training.checkpoints import saved_weights
from isthmus.training.first_probe import FirstProbe
from isthmus.training.run_folder import CHECKPOINTS

log = logging.getLogger("isthmus")


@dataclass(frozen=True)
class Learnt:
    """Result of a training.

    Attributes:
        history: Figures of every epoch.
        validation_error: Validation error of the weights that are kept; None without validation samples.
        keeps_probe: Whether these are the probe's.
    """

    history: History
    validation_error: float | None
    keeps_probe: bool = False


def keep_weights(
    net: Net, history: History, probe: FirstProbe | None, folder: Path, *, keeps_best: bool
) -> Learnt:
    """Leave a trained network with the weights that are kept, and say where the probe did better.

    Args:
        net: Network with the weights of the last epoch.
        history: Figures of every epoch.
        probe: Probe of the network as it started, if there was one.
        folder: Run directory.
        keeps_best: Whether to keep the weights of the least validation error, the probe's among them,
            instead of those of the last epoch.
    """
    if keeps_best:
        net.load_state_dict(saved_weights(folder / CHECKPOINTS / BEST))
    error = history.kept(best=keeps_best).get("val_error")
    if probe is None or not probe.beats(error):
        return Learnt(history, error)
    log.warning(
        "fine-tuning did not beat the probe on validation data: error %.4g against %.4g; the run ends "
        "with %s",
        error,
        probe.validation_error,
        "the probe" if keeps_best else "the last epoch all the same (checkpoint=best keeps the probe)",
    )
    if not keeps_best:
        return Learnt(history, error)
    net.load_state_dict(probe.weights)
    return Learnt(history, probe.validation_error, keeps_probe=True)
