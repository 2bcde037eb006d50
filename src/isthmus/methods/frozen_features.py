"""Features of target samples as a network starts, before anything has learnt."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from isthmus.model import CrossModalNet
from isthmus.model.evaluation import on_device
from isthmus.model.predictors import Predictor
from isthmus.seeding import numpy_generator

BATCH, DENSE_BATCH = 16, 4
MOST_ROWS = 8_000
"""Largest number of rows, positions of all samples together, that are kept of targets given by position"""


@torch.no_grad()
def frozen_inputs(net: CrossModalNet, x: object, heads: Sequence[Predictor]) -> list[Tensor]:
    """Compute what the linear layers of predictors read of samples, in evaluation mode.

    Where the embedder shows several views, the first predictors belong to these, in order.

    Args:
        net: Network.
        x: Samples [N, C, ...], an array.
        heads: Predictors.

    Returns:
        Inputs [N, P', R] of each predictor at its `kept_positions`, on the CPU.
    """
    net.eval()
    samples, views = torch.as_tensor(x), net.embedder.views
    batch = DENSE_BATCH if net.spec.output_size else BATCH
    found: list[list[Tensor]] = [[] for _ in heads]
    with on_device(net):
        for part in torch.split(samples, max(1, batch // views)):
            seen = part.to(net.x_mean.device).repeat_interleave(views, 0)
            features = net.encode(net.embed_target(seen))
            for number, (head, rows) in enumerate(zip(heads, found, strict=True)):
                inputs = head.inputs([stage[number % views :: views] for stage in features])
                rows.append(inputs[:, kept_positions(inputs.shape[1], len(samples))].cpu())
    return [torch.cat(rows) for rows in found]


def kept_positions(positions: int, samples: int) -> np.ndarray:
    """Return which of P positions are kept of each of N samples: at most `MOST_ROWS` rows in all."""
    count = min(positions, max(1, MOST_ROWS // samples))
    return np.sort(numpy_generator(0, "positions").permutation(positions)[:count])
