"""Predictors: linear in features, arranged as outputs; all stages, standardised."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from isthmus.model.predictors import ViewsPredictor, readouts
from isthmus.model.predictors.patches import Patches
from isthmus.model.predictors.predictor import Predictor
from isthmus.model.predictors.stages import LEAST_STD, StandardisedPredictor
from isthmus.tasks import Output


def backbone(grids: list[tuple[int, int]] | None = None) -> Any:
    """What predictors read of a backbone: two stages of 3 and 5 features over 4 x 4 tokens."""
    return SimpleNamespace(
        name="b",
        grid=(4, 4),
        reduction=2,
        feature_width=5,
        stage_widths=(3, 5),
        stage_grids=grids or [(4, 4), (2, 2)],
    )


def features(batch: int = 6, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, 16, 3, generator=generator), torch.randn(batch, 4, 5, generator=generator)]


def randomised(predictor: Predictor, seed: int = 0) -> Predictor:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in predictor.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return predictor


@pytest.mark.parametrize("readout", readouts)
@pytest.mark.parametrize(
    ("layout", "output"), [((4, 4), Output(2)), ((4, 4), Output(2, (8, 8))), ((16,), Output(3, (32,)))]
)
def test_every_predictor_is_linear_in_its_inputs(
    readout: str, layout: tuple[int, ...], output: Output
) -> None:
    """The closed form fits `linear` on `inputs` to what `disassemble` gives, so the three must agree."""
    predictor = randomised(readouts[readout].predictor(backbone(), layout, output))
    seen = features() if readouts[readout].all_stages else features()[-1:]
    predictor.fit_scale(predictor.inputs(seen))
    values = F.linear(predictor.inputs(seen), predictor.linear.weight, predictor.linear.bias)
    found = predictor(seen)
    assert found.shape == (6, output.channels, *output.size)
    torch.testing.assert_close(predictor.assemble(values), found)
    torch.testing.assert_close(predictor.disassemble(found), values)


@given(
    st.sampled_from([1, 2]),
    st.integers(1, 3),
    st.one_of(st.tuples(st.integers(1, 2)), st.tuples(st.integers(1, 2), st.integers(1, 3))),
)
def test_a_field_is_cut_into_patches_and_put_together(
    merged: int, channels: int, patch: tuple[int, ...]
) -> None:
    layout = (16,) if len(patch) == 1 else (4, 4)
    size = tuple(n * p for n, p in zip(layout, patch, strict=True))
    patches = Patches(layout, Output(channels, size), (4, 4), merged)
    field = torch.arange(2 * channels * math.prod(size), dtype=torch.float32).view(2, channels, *size)
    values = patches.disassemble(field)
    assert values.shape == (2, 16 // merged**2, patches.values)
    assert torch.equal(patches.assemble(values), field)


def test_stages_are_pooled_by_mean_and_maximum_and_standardised() -> None:
    predictor = randomised(readouts["stages"].predictor(backbone(), (4, 4), Output(2)))
    seen = features()
    raw = torch.stack(
        [
            torch.cat([f(stage[i]) for stage in seen for f in (lambda s: s.mean(0), lambda s: s.max(0)[0])])
            for i in range(6)
        ]
    )
    assert torch.allclose(predictor.inputs(seen)[:, 0], raw)
    predictor.fit_scale(predictor.inputs(seen))
    expected = (raw - raw.mean(0)) / (raw.std(0, correction=0) + LEAST_STD)
    torch.testing.assert_close(predictor.inputs(seen)[:, 0], expected)


def test_a_feature_that_was_constant_keeps_its_unit() -> None:
    """As scikit-learn's StandardScaler has it; else fine-tuning, which wakes it up, would blow it up."""
    predictor = readouts["stages"].predictor(backbone(), (4, 4), Output(2))
    assert isinstance(predictor, StandardisedPredictor)
    rows = torch.rand(6, 1, len(predictor.std))
    rows[..., 0] = 6.0
    predictor.fit_scale(rows)
    assert predictor.std[0] == 1
    assert (predictor.std[1:] < 1).all()


def test_the_pyramid_enlarges_coarse_stages_to_the_finest() -> None:
    predictor = randomised(readouts["stages"].predictor(backbone(), (4, 4), Output(1, (4, 4))))
    seen = features()
    coarse = F.interpolate(seen[1].transpose(1, 2).view(6, 5, 2, 2), (4, 4), mode="bilinear")
    joined = torch.cat([seen[0], coarse.flatten(2).transpose(1, 2)], -1)
    torch.testing.assert_close(predictor.inputs(seen), joined)
    weight, bias = predictor.linear.weight, predictor.linear.bias
    torch.testing.assert_close(predictor(seen).flatten(1), (joined @ weight.T + bias)[..., 0])


def test_a_predictor_of_all_stages_starts_at_zero() -> None:
    predictor = readouts["stages"].predictor(backbone(), (4, 4), Output(2))
    assert not predictor(features()).any()


def test_each_view_has_a_predictor() -> None:
    heads = [randomised(readouts["last"].predictor(backbone(), (4, 4), Output(2)), seed) for seed in (0, 1)]
    both, seen = ViewsPredictor(heads), features()[-1:]
    for sample in range(6):
        alone = heads[sample % 2]([seen[0][sample : sample + 1]])
        torch.testing.assert_close(both(seen)[sample : sample + 1], alone)


def test_a_pyramid_needs_a_grid(refuses: Callable[..., Any]) -> None:
    text = SimpleNamespace(name="b", grid=None, reduction=1, stage_grids=None, stage_widths=(3, 5))
    with refuses("conflict", "readout"):
        readouts["stages"].predictor(text, (16,), Output(1, (16,)))
