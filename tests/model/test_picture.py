"""A series drawn as a line picture: its scale, its colours, its thickness, and long series."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import ViTConfig

from isthmus.backbones import new_backbone
from isthmus.drawing import draw_series
from isthmus.model import embedders as registered_embedders

embedders: Any = registered_embedders  # each has options and layers of its own

LAYERS = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


def backbone(size: int = 16) -> Any:
    return new_backbone(ViTConfig(image_size=size, patch_size=4, **LAYERS), 0, "test")


OWN = backbone()


def series(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def ink(embedder: Any, x: Tensor, own: Any = OWN) -> Tensor:
    """Draw samples and return the ink of each colour, 0 to 1."""
    pixels: Tensor = embedder.draw(x) * own.pixel_std.view(3, 1, 1) + own.pixel_mean.view(3, 1, 1)
    return pixels


@given(st.integers(2, 100), st.floats(0.01, 100), st.floats(-5, 5))
@settings(max_examples=20)
def test_by_sample_each_series_fills_the_height(length: int, factor: float, offset: float) -> None:
    x = series(2, 1, length)
    low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
    expected = draw_series(0.05 + 0.9 * (x - low) / (high - low), 16, 16, most_points=64)
    drawn = ink(embedders["picture"](OWN, (1, length), scale="sample"), factor * x + offset)
    torch.testing.assert_close(drawn, expected.expand(-1, 3, -1, -1), atol=2e-3, rtol=0)


@pytest.mark.parametrize("scale", ["data", "sample"])
@pytest.mark.parametrize("value", [0.0, 0.3, -1e4, 1e6])
@pytest.mark.parametrize("length", [1, 9, 500])
def test_constant_series_are_finite(scale: str, value: float, length: int) -> None:
    drawn = ink(embedders["picture"](OWN, (2, length), scale=scale), torch.full((1, 2, length), value))
    assert drawn.isfinite().all()
    assert drawn.max() > 0.4


@pytest.mark.parametrize(
    ("channels", "groups"),
    [
        (1, [[0], [0], [0]]),
        (2, [[0], [1], [1]]),
        (3, [[0], [1], [2]]),
        (4, [[0, 1], [2], [3]]),
        (8, [[0, 1, 2], [3, 4, 5], [6, 7]]),
    ],
)
def test_channels_as_colours(channels: int, groups: list[list[int]]) -> None:
    x = series(2, channels, 16)
    alone = ink(embedders["picture"](OWN, (1, 16)), x.reshape(-1, 1, 16))[:, 0].view(2, channels, 16, 16)
    drawn = ink(embedders["picture"](OWN, (channels, 16), channels="colours"), x)
    for colour, group in enumerate(groups):
        torch.testing.assert_close(drawn[:, colour], alone[:, group].mean(1), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("size", "thickness"), [(16, 1.0), (64, 1.0), (128, 2.0)])
def test_the_line_grows_with_the_picture(size: int, thickness: float) -> None:
    own, x = backbone(size), series(2, 1, 40)
    drawn = embedders["picture"](own, (1, 40)).draw(x)
    assert torch.equal(drawn, embedders["picture"](own, (1, 40), thickness=thickness).draw(x))
    level = ink(embedders["picture"](own, (1, 40)), 0 * x, own)[0, 0]
    torch.testing.assert_close(level.sum(0), torch.full((size,), thickness), atol=1e-4, rtol=0)


@pytest.mark.parametrize("channels", [1, 2, 9])
def test_envelopes_begin_at_four_points_to_a_column_of_the_picture(channels: int) -> None:
    embedder = embedders["picture"](OWN, (channels, 64))
    spike = torch.zeros(1, channels, 65)
    spike[..., 33] = 3.0  # between the points that a column is resampled from
    short, long = embedder.ink(spike[..., :64]), embedder.ink(spike)
    rows, columns = embedder.panel
    assert torch.equal(short, draw_series((spike[..., :64] / 3 + 1) / 2, rows, columns, most_points=64))
    assert long[:, :, 0].amax(-1).min() == 1  # the spike reaches the top


class LargestTensor(TorchDispatchMode):
    """Notes the bytes of the largest tensor that is made under it."""

    bytes = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple) else (made,):
            self.bytes = max(self.bytes, tensor.untyped_storage().nbytes())
        return made


@pytest.mark.parametrize("scale", ["data", "sample"])
@pytest.mark.parametrize("name", ["picture", "fold"])
def test_long_series_take_no_more_room_than_they_have(name: str, scale: str) -> None:
    x = series(4, 1, 100_000)
    embedder = embedders[name](OWN, (1, 100_000), scale=scale)
    with LargestTensor() as largest:
        embedder.draw(x)
    assert 0 < largest.bytes <= x.nbytes


def test_a_reach_of_nothing_is_refused(refuses: Callable[..., Any]) -> None:
    with refuses("value", "embedder.reach"):
        embedders["picture"](OWN, (1, 16), reach=0.0)


def test_auto_tries_scales_and_colours_of_series() -> None:
    picture = embedders["picture"]
    assert len(picture.choices("image", (1, 5))) == 2
    assert len(picture.choices("image", (3, 5))) == 4
    assert picture.choices("image", (3, 5, 5)) == [{}]
    assert picture.choices("text", (3, 5)) == picture.choices("text", (3, 5, 5)) == []
