"""A folded series: heat maps of its segments."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import BertConfig, ViTConfig

from isthmus.backbones import new_backbone
from isthmus.model import embedders as registered_embedders

embedders: Any = registered_embedders  # each has options and layers of its own

LAYERS = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
OWN: Any = new_backbone(ViTConfig(image_size=12, patch_size=4, **LAYERS), 0, "test")
PIXELS = 12


def series(*shape: int, seed: int = 0) -> Tensor:
    return 2 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def shades(embedder: Any, x: Tensor) -> np.ndarray:
    """Return what is drawn as shades, 0 to 1."""
    pictures = embedder.draw(x) * OWN.pixel_std.view(3, 1, 1) + OWN.pixel_mean.view(3, 1, 1)
    return np.asarray(pictures)


def slow_fold(values: np.ndarray, segment: int, step: int, reach: float) -> np.ndarray:
    """Fold one channel, pixel by pixel."""
    rows = [values[start : start + segment] for start in range(0, len(values) - segment + 1, step)]
    picture = np.empty((PIXELS, PIXELS))
    for i in range(PIXELS):
        for j in range(PIXELS):
            value = rows[i * len(rows) // PIXELS][j * segment // PIXELS]
            picture[i, j] = 0.5 + min(max(value / reach, -1), 1) / 2
    return picture


@given(st.integers(8, 300), st.sampled_from(["data", "sample"]), st.floats(0.5, 5), st.integers(0, 99))
@settings(max_examples=40)
def test_pixels_are_those_of_a_slow_reference(length: int, scale: str, reach: float, seed: int) -> None:
    x = series(1, 1, length, seed=seed)
    values = x[0, 0].double().numpy()
    if scale == "sample":
        values = (values - values.mean()) / values.std()
    segment = max(4, math.floor(math.sqrt(length)))
    expected = slow_fold(values, segment, max(1, segment // 4), reach)
    drawn = shades(embedders["fold"](OWN, (1, length), scale=scale, reach=reach), x)[0]
    np.testing.assert_allclose(drawn, np.stack([expected] * 3), atol=1e-5)


@pytest.mark.parametrize(("segment", "step"), [(1, 1), (10, None), (10, 10), (10, 25), (60, 1), (None, 60)])
def test_segment_and_step_are_options(segment: int | None, step: int | None) -> None:
    x = series(1, 1, 60)
    drawn = shades(embedders["fold"](OWN, (1, 60), segment=segment, step=step), x)[0, 0]
    used = segment or 7
    np.testing.assert_allclose(
        drawn, slow_fold(x[0, 0].numpy(), used, step or max(1, used // 4), 3.0), atol=1e-5
    )


def test_what_repeats_with_the_row_is_a_pattern_of_columns() -> None:
    x = series(1, 1, 12).repeat(1, 1, 12)
    drawn = shades(embedders["fold"](OWN, (1, 144), segment=12, step=12), x)[0, 0]
    assert (drawn == drawn[:1]).all()
    np.testing.assert_allclose(drawn[0], np.clip(x[0, 0, :12].numpy() / 6 + 0.5, 0, 1), atol=1e-5)


def test_channels_share_a_picture_as_lines_do() -> None:
    x = torch.tensor([-3.0, -1.5, 0.0, 1.5, 3.0])[None, :, None].expand(1, 5, 9)
    panels = shades(embedders["fold"](OWN, (5, 9)), x)[0, 0]  # two rows of three panels
    np.testing.assert_allclose(panels[::6, ::4], [[0, 0.25, 0.5], [0.75, 1, 0]], atol=1e-5)
    average = shades(embedders["fold"](OWN, (5, 9), channels="average"), x)
    np.testing.assert_allclose(average, 0.5, atol=1e-5)
    colours = shades(embedders["fold"](OWN, (5, 9), channels="colours"), x)[0]
    np.testing.assert_allclose(colours[:, 0, 0], [0.125, 0.625, 1], atol=1e-5)


@pytest.mark.parametrize("scale", ["data", "sample"])
@given(st.integers(1, 5), st.integers(8, 70), st.sampled_from([0.0, 0.3, -1e4, 1e6]))
@settings(max_examples=15)
def test_constant_series_are_finite(scale: str, channels: int, length: int, value: float) -> None:
    embedder = embedders["fold"](OWN, (channels, length), scale=scale)
    assert embedder(torch.full((2, channels, length), value)).isfinite().all()


@given(st.integers(8, 100), st.floats(0.01, 100), st.floats(-5, 5))
@settings(max_examples=15)
def test_by_sample_neither_height_nor_size_counts(length: int, factor: float, offset: float) -> None:
    x, embedder = series(2, 3, length), embedders["fold"](OWN, (3, length), scale="sample")
    np.testing.assert_allclose(shades(embedder, factor * x + offset), shades(embedder, x), atol=1e-3)


def test_bad_input_is_said(refuses: Callable[..., Any]) -> None:
    text = new_backbone(BertConfig(vocab_size=30, max_position_embeddings=20, **LAYERS), 0, "test")
    with refuses("conflict", "embedder"):
        embedders["fold"](text, (1, 16))
    with refuses("conflict", "embedder"):
        embedders["fold"](OWN, (1, 16, 16))
    with refuses("conflict", "embedder"):
        embedders["fold"](OWN, (1, 3))
    for option, value in (("segment", 0), ("segment", 17), ("step", -1), ("reach", 0.0)):
        with refuses("value", f"embedder.{option}"):
            embedders["fold"](OWN, (1, 16), **{option: value})


def test_auto_tries_it_where_a_series_can_be_folded() -> None:
    fold = embedders["fold"]
    assert len(fold.choices("image", (1, 8))) == 2
    assert len(fold.choices("image", (2, 8))) == 4
    for modality, shape in (("image", (1, 7)), ("image", (1, 8, 8)), ("text", (1, 8))):
        assert fold.choices(modality, shape) == []
