"""Mixup and CutMix of tokens."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.mixing import mixers

LAYOUTS = st.one_of(st.tuples(st.integers(1, 12)), st.tuples(st.integers(1, 6), st.integers(1, 6)))


def tokens(layout: tuple[int, ...], seed: int, longer: int = 0) -> torch.Tensor:
    return torch.randn(2, math.prod(layout) + longer, 3, generator=torch.Generator().manual_seed(seed))


@given(LAYOUTS, st.floats(0, 1), st.integers(0, 3))
def test_mixup_is_the_weighted_mean(layout: tuple[int, ...], fraction: float, longer: int) -> None:
    target, source = tokens(layout, 0), tokens(layout, 1, longer)
    mixed, share = mixers["mixup"](target, source, fraction, layout=layout)
    assert share == fraction
    expected = (1 - fraction) * target + fraction * source[:, : target.shape[1]]
    torch.testing.assert_close(mixed, expected, atol=1e-6, rtol=1e-5)


@given(LAYOUTS, st.floats(0, 1), st.integers(0, 1000))
def test_cutmix_replaces_one_box_by_what_stood_there(
    layout: tuple[int, ...], fraction: float, seed: int
) -> None:
    target, source = tokens(layout, 0), tokens(layout, 1, 2)
    generator = torch.Generator().manual_seed(seed)
    mixed, share = mixers["cutmix"](target, source, fraction, layout=layout, generator=generator)
    freed = (mixed != target).any(2)
    assert torch.equal(mixed, torch.where(freed[..., None], source[:, : target.shape[1]], target))
    assert torch.equal(freed[0], freed[1])
    box = freed[0].view(layout).nonzero()
    assert share == pytest.approx(len(box) / math.prod(layout))
    sides = [math.floor(fraction ** (1 / len(layout)) * length + 0.5) for length in layout]
    assert abs(len(box) - math.prod(sides)) <= max(sides)  # a half rounds to even
    if len(box):
        extent = box.amax(0) - box.amin(0) + 1
        assert len(box) == extent.prod()  # no hole in it


def test_the_box_of_cutmix_goes_everywhere() -> None:
    target, source = torch.zeros(1, 16, 1), torch.ones(1, 16, 1)
    generator = torch.Generator().manual_seed(0)
    mean = sum(
        mixers["cutmix"](target, source, 0.25, layout=(4, 4), generator=generator)[0] for _ in range(300)
    )
    assert (mean > 0).all()


def test_without_a_layout_tokens_are_a_sequence() -> None:
    target, source = torch.zeros(1, 10, 1), torch.ones(1, 10, 1)
    mixed, share = mixers["cutmix"](target, source, 0.3, generator=torch.Generator().manual_seed(0))
    places = mixed[0, :, 0].nonzero().flatten()
    assert share == 0.3
    assert places.tolist() == list(range(places[0], places[0] + 3))


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_gradients_reach_both(name: str) -> None:
    target, source = tokens((4, 4), 0).requires_grad_(), tokens((4, 4), 1).requires_grad_()
    generator = torch.Generator().manual_seed(0)
    mixed, share = mixers[name](target, source, 0.5, layout=(4, 4), generator=generator)
    mixed.sum().backward()
    assert target.grad is not None
    assert source.grad is not None
    assert target.grad.mean() == pytest.approx(1 - share)
    assert source.grad.mean() == pytest.approx(share)
