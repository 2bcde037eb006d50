"""Changes that leave a sample what it is."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from isthmus.augmentation import augmentations as registered_augmentations

augmentations: Any = registered_augmentations  # each has options of its own


SHAPES = st.sampled_from([(3, 1, 50), (2, 4, 9), (3, 1, 12, 12), (2, 3, 8, 10)])


def draw(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def smooth(length: int = 200) -> Tensor:
    """A rise from 0 to 1, [1, 1, L]: its value says the place."""
    return torch.linspace(0, 1, length).view(1, 1, -1)


@given(st.sampled_from(sorted(augmentations)), SHAPES, st.integers(0, 99))
def test_shapes_stay_and_draws_come_from_the_generator(name: str, shape: tuple[int, ...], seed: int) -> None:
    x, augment = torch.randn(shape, generator=draw(1)), augmentations[name]()
    once, same, other = (augment(x.clone(), draw(s)) for s in (seed, seed, seed + 1))
    assert once.shape == x.shape
    assert once.isfinite().all()
    assert once.equal(same)
    assert not once.equal(other)


@given(SHAPES, st.integers(0, 99))
def test_at_strength_0_nothing_changes(shape: tuple[int, ...], seed: int) -> None:
    x = torch.randn(shape, generator=draw(1))
    for augment in (
        augmentations["warp"](window=0.0, pace=0.0, strength=0.0),
        augmentations["jitter"](scale=0.0, noise=0.0),
    ):
        torch.testing.assert_close(augment(x, draw(seed)), x, atol=1e-5, rtol=1e-5)


@given(st.integers(0, 200))
def test_a_window_is_a_stretch_of_the_series(seed: int) -> None:
    places = augmentations["warp"](window=0.3, pace=0.0)(smooth(), draw(seed))[0, 0]
    steps = places.diff()
    assert places.min() >= 0
    assert places.max() <= 1
    assert 0.7 - 1e-4 <= places[-1] - places[0] <= 1
    torch.testing.assert_close(steps, steps.mean().expand_as(steps), atol=1e-4, rtol=0)


def test_an_uneven_pace_keeps_both_ends() -> None:
    places = augmentations["warp"](window=0.0, pace=0.03)(smooth().expand(500, -1, -1), draw(0))[:, 0]
    assert places[:, 0].abs().max() < 1e-4
    assert (places[:, -1] - 1).abs().max() < 1e-4
    moved = (places - smooth()[0]).std(0)
    assert 0.02 < moved.max() < 0.04


def test_samples_are_drawn_for_themselves_and_channels_move_together() -> None:
    x = smooth().expand(4, 3, -1)
    warped = augmentations["warp"]()(x, draw(0))
    assert warped[:, 0].equal(warped[:, 2])
    assert not warped[0].equal(warped[1])


def test_a_picture_moves_a_little_and_keeps_its_hand() -> None:
    """A bright corner stays in its quarter: nothing is mirrored or turned over."""
    x = torch.zeros(200, 1, 16, 16)
    x[:, :, 2:6, 2:6] = 1
    warped = augmentations["warp"]()(x, draw(0))
    weights = warped[:, 0] / warped[:, 0].sum((1, 2), keepdim=True)
    row = (weights.sum(2) * torch.arange(16)).sum(1)
    column = (weights.sum(1) * torch.arange(16)).sum(1)
    assert row.max() < 8
    assert column.max() < 8
    assert row.std() > 0.3
    assert warped[:, 0, 8:, 8:].max() == 0


def test_jitter_has_the_spread_it_says() -> None:
    x = torch.randn(400, 2, 50, generator=draw(1)) * torch.tensor([1.0, 10.0]).view(1, 2, 1)
    noise = augmentations["jitter"](scale=0.0, noise=0.1)(x, draw(0)) - x
    assert noise.std((0, 2)).tolist() == pytest.approx([0.1, 1.0], rel=0.05)
    centre = x.mean((0, 2), keepdim=True)
    factor = (augmentations["jitter"](scale=0.2, noise=0.0)(x, draw(0)) - centre) / (x - centre)
    assert factor.std(0)[:, 0].tolist() == pytest.approx([0.2, 0.2], rel=0.15)
    assert factor.std(2).max() < 1e-3


@pytest.mark.parametrize(
    ("name", "options", "key"),
    [
        ("warp", {"window": 1.0}, "augment.window"),
        ("warp", {"pace": -0.1}, "augment.pace"),
        ("jitter", {"noise": -1.0}, "augment.noise"),
    ],
)
def test_bad_options_are_said(
    name: str, options: dict[str, float], key: str, refuses: Callable[..., Any]
) -> None:
    with refuses("value", key):
        augmentations[name](**options)
