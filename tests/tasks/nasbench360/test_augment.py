"""Augmentations of single tasks."""

import numpy as np
import torch

from isthmus.tasks.nasbench360.cosmic import change_sky
from isthmus.tasks.nasbench360.fsd50k import mask_and_mix


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_sky_is_taken_away_or_added_up_to_three_times() -> None:
    x, y = torch.rand(500, 1, 3, 3, generator=generator()), torch.zeros(500, 2, 3, 3)
    y[:, 1] = 10 * torch.rand(500, 1, 1, generator=generator(1)) + 1
    changed, same = change_sky(x, y, generator(2))
    times = (changed - x)[:, 0] / y[:, 1]
    assert same is y
    torch.testing.assert_close(times.amin((1, 2)), times.amax((1, 2)), rtol=1e-3, atol=1e-4)
    assert -0.9 - 1e-4 <= times.min() < -0.8
    assert 2.9 < times.max() <= 3 + 1e-4


def test_noise_is_mixed_into_three_quarters_by_half_at_most() -> None:
    x, y = torch.zeros(2000, 1, 4, 5), torch.ones(2000, 3)
    changed, same = mask_and_mix(np.ones((7, 4, 5), np.float16))(x, y, generator())
    share = changed.amax((1, 2, 3))
    assert same is y
    assert 0.7 < (share > 0).float().mean() < 0.8
    assert 0.49 < share.max() <= 0.5
    assert 0.23 < share[share > 0].mean() < 0.27
