"""Search by gradient: weights descend on one half of the training data, the architecture on the other."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.baselines.specialist_net import SpecialistNet
from isthmus.config.schema import RunConfig
from isthmus.seeding import numpy_generator, torch_generator
from isthmus.tasks import Split, Task, split_validation

MOMENTUM, DECAY, CLIP = 0.9, 3e-4, 5.0


def alternate(
    net: SpecialistNet, task: Task, train: Split, config: RunConfig, *, steps: int, alone: float, lr: float
) -> Iterator[Tensor]:
    """Train the weights in place, and after their steps give the loss that the architecture is to descend.

    First-order bilevel optimisation (Liu et al., DARTS, ICLR 2019, section 2.3 with xi = 0). The steps of
    the weights are SGD's, with momentum 0.9, weight decay 3e-4, a gradient no longer than 5, and a rate
    that falls by half a cosine.

    Args:
        net: its parameters are the weights; what is searched is none of them.
        task: whose loss it is.
        train: halved, by the seed.
        config: whose batch size and seed it is.
        steps: of the weights.
        alone: the part of them, at the beginning, after which no loss is given: who has learnt nothing is no
            judge of an architecture.
        lr: highest rate of the weights' steps.

    Raises:
        InputError: if there are too few samples to halve.
    """
    halves = split_validation(train, 0.5, config.seed, task.stratified)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net.to(device).train()
    optimizer = torch.optim.SGD(net.parameters(), lr, MOMENTUM, weight_decay=DECAY)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def loss(half: int, step: int) -> Tensor:
        split, draw = halves[half], (config.seed, step, half, "search")
        assert split is not None
        index = numpy_generator(*draw).permutation(len(split))[: config.data.batch_size]
        x, y = (torch.from_numpy(np.asarray(part[index])) for part in (split.x, split.y))
        if task.augment is not None:
            x, y = task.augment(x, y, torch_generator(*draw))
        return task.sample_losses(net(x.to(device)), y.to(device)).mean()

    for step in range(steps):
        optimizer.zero_grad()
        loss(0, step).backward()
        nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()
        falling.step()
        if step >= alone * steps:
            yield loss(1, step)
