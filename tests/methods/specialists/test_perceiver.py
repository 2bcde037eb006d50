"""Perceiver IO: patches and their inverse, where they are; it learns from any shape to any shape."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from isthmus import fit
from isthmus.methods import methods
from isthmus.methods.specialists.perceiver import (
    Perceiver,
    cut_patches,
    fourier_features,
    join_patches,
    smallest_patch,
)
from isthmus.methods.specialists.specialist_net import SpecialistSpec
from isthmus.tasks import Output, Task

SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=2).map(tuple)
SMALL = {"name": "perceiver", "latents": 8, "width": 32, "blocks": 1}


def body(shape: tuple[int, ...], output: Output, **options: Any) -> nn.Module:
    spec = SpecialistSpec(
        task="t",
        kind="regression",
        input_shape=shape,
        output_channels=output.channels,
        output_size=output.size,
        classes=(),
        method="perceiver",
        options=options,
    )
    specialist: Any = methods["perceiver"](**options)
    network: nn.Module = specialist.build_body(spec)
    return network


@given(SIZES, st.integers(1, 4), st.integers(1, 3))
def test_patches_are_joined_to_what_was_cut(
    size: tuple[int, ...],
    patch: int,
    channels: int,
) -> None:
    x = torch.arange(2 * channels * math.prod(size), dtype=torch.float32).view(2, channels, *size)
    tokens = cut_patches(x, patch)
    assert tokens.shape == (2, math.prod(-(-n // patch) for n in size), channels * patch ** len(size))
    assert torch.equal(join_patches(tokens, Output(channels, size), patch), x)


def test_a_token_is_a_patch() -> None:
    x = torch.randn(1, 2, 4, 6)
    tokens = cut_patches(x, 2)
    for row in range(2):
        for column in range(3):
            patch = x[0, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            assert torch.equal(tokens[0, 3 * row + column], patch.flatten())


@given(SIZES, st.integers(1, 20))
def test_patches_are_the_smallest_that_are_few_enough(size: tuple[int, ...], most: int) -> None:
    def count(patch: int) -> int:
        return math.prod(-(-n // patch) for n in size)

    patch = smallest_patch(size, most)
    assert count(patch) <= most
    assert patch == 1 or count(patch - 1) > most


def test_large_pictures_are_cut() -> None:
    assert smallest_patch((128, 128), 16384) == 1
    assert smallest_patch((512, 512), 16384) == 4
    assert smallest_patch((), 16384) == 1


def test_features_of_places() -> None:
    features = fourier_features((3, 10), 2)[0]  # a grid of 2 x 5
    assert features.shape == (10, 2 * 65)
    row, column = -1.0, 0.5  # the fourth patch of the first row
    bands = [np.linspace(1, n / 2, 32) for n in (2, 5)]
    angles = np.pi * np.concatenate([row * bands[0], column * bands[1]])
    expected = [row, column, *np.sin(angles), *np.cos(angles)]
    np.testing.assert_allclose(features[3], expected, atol=1e-5)


def test_blocks_share_their_weights() -> None:
    counts = {
        sum(p.numel() for p in body((1, 8), Output(2), blocks=blocks).parameters()) for blocks in (1, 3)
    }
    assert len(counts) == 1


def test_a_large_picture_costs_no_more_tokens() -> None:
    net = body((3, 40, 30), Output(2, (40, 30)), latents=4, width=8, blocks=1, tokens=100)
    assert isinstance(net, Perceiver)
    seen = []
    net.encoder.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append(kwargs["inputs"].shape), with_kwargs=True
    )
    assert net(torch.randn(2, 3, 40, 30)).shape == (2, 2, 40, 30)
    assert (net.patch, net.output_patch) == (4, 4)
    assert seen == [(2, 10 * 8, 3 * 16 + 2 * 65)]


def test_a_picture_to_a_series() -> None:
    net = body((3, 6, 5), Output(2, (7,)), latents=4, width=8, blocks=1)
    assert net(torch.randn(2, 3, 6, 5)).shape == (2, 2, 7)


def test_it_tells_apart_which_half_is_bright(tmp_path: Path) -> None:
    """Only the positions of the values tell the classes apart."""
    y = np.arange(96) % 2
    half = np.arange(8) // 4 == y[:, None]
    x = half[:, None, None] + 0.3 * np.random.default_rng(0).normal(size=(96, 1, 8, 8))
    task = Task.from_arrays(x[:64], y[:64], x[64:], y[64:], kind="classification", name="halves")
    run = fit(task, method=SMALL, out=tmp_path, epochs=1, epoch_steps=80, lr=3e-3)
    assert run.test_error == 0


def test_it_reads_a_field(tmp_path: Path) -> None:
    """The input is two numbers, each as a constant series; the target is a wave of that phase."""
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(160, 1))
    x = np.stack([np.cos(angle), np.sin(angle)], 1).repeat(16, 2)
    y = np.sin(2 * np.pi * np.arange(32) / 32 + angle)[:, None]
    task = Task.from_arrays(x[:128], y[:128], x[128:], y[128:], kind="regression", name="phase")
    run = fit(task, method=SMALL, out=tmp_path, epochs=1, epoch_steps=100, lr=3e-3)
    assert run.test_error is not None
    assert run.test_error < 0.2  # nRMSE; 1 for the mean


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"latents": 0}, "method.latents"),
        ({"tokens": 0}, "method.tokens"),
        ({"width": 30}, "method.width"),
    ],
)
def test_an_option_out_of_range(options: dict[str, Any], key: str, refuses: Callable[..., Any]) -> None:
    with refuses("value", key):
        methods["perceiver"](**options)
