"""Alignment of the embedder: steps down a distance to the source, over the embedder alone."""

import logging
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from torch import Tensor
from torch.optim.lr_scheduler import MultiStepLR

from isthmus.config.schema import OptimConfig
from isthmus.methods.optimization import make_optimizer, minimize
from isthmus.model import CrossModalNet
from isthmus.seeding import numpy_generator

log = logging.getLogger("isthmus")

MOST_LR = 1e-3
DECAY, DECAY_EPOCHS = 0.2, [21, 41, 61]  # of the learning rate, as ORCA's code: after epochs 20, 40 and 60


def descend_embedder(
    net: CrossModalNet,
    terms: Callable[[int], Iterable[Tensor]],
    optim: OptimConfig,
    lr: float | None,
    epochs: int,
    message: str,
) -> None:
    """Descend a loss over the target embedder, an optimiser step an epoch; everything else stays.

    The optimiser is that of the fine-tuning, with its momentum or betas and its decay.

    Args:
        net: Network, on the device that it trains on.
        terms: Function from the number of an epoch to the terms of its loss.
        optim: Complete settings of the optimiser of the fine-tuning.
        lr: Learning rate; None for 10 times that of the fine-tuning, but at most 1e-3.
        epochs: Number of steps.
        message: Format of the log line of an epoch, with places for its number and its loss.
    """
    assert optim.lr is not None
    rate = lr or max(optim.lr, min(10 * optim.lr, MOST_LR))
    parameters = list(net.embedder.parameters())
    own = optim.model_copy(update={"lr": rate, "lr_scale": None})
    optimizer = make_optimizer({"embedder": parameters}, own)
    schedule = MultiStepLR(optimizer, DECAY_EPOCHS, DECAY)

    def report(epoch: int, total: float) -> None:
        log.info(message, epoch + 1, total)

    minimize(parameters, terms, optimizer, schedule, steps=epochs, after_step=report)
    optimizer.zero_grad()


def members_by_class(
    classes: np.ndarray, most: int, seed: int, epoch: int
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield samples [n] of each class that has several, drawn anew each epoch, and its share of all.

    Args:
        classes: Class numbers [N].
        most: Largest number of samples of a class.
        seed: Seed of the run.
        epoch: Number of the epoch.
    """
    rng = numpy_generator(seed, epoch, "alignment")
    for number in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == number))
        if len(members) > 1:  # as published: of one sample there is no distribution
            yield members[:most], len(members) / len(classes)
