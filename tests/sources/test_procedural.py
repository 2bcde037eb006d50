"""Pictures drawn by formulas."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeClassifier

from isthmus.seeding import torch_generator
from isthmus.sources import load_source
from isthmus.sources.procedural import pictures


@pytest.mark.parametrize("family", pictures.FAMILIES)
def test_a_class_is_a_formula_and_the_seed_what_varies(family: str) -> None:
    name = f"{family}-003"
    ink = pictures.ink(name, 4, 32, seed=0)
    assert ink.shape == (4, 32, 32)
    assert ink.dtype == torch.uint8
    assert torch.equal(ink, pictures.ink(name, 4, 32, seed=0))
    assert not torch.equal(ink, pictures.ink(name, 4, 32, seed=1))
    assert not torch.equal(ink[0], ink[1])
    assert (ink.float().std(dim=(1, 2)) > 5).all()  # none is blank


def test_labels_can_be_told_from_the_pictures() -> None:
    ink, labels = pictures.labelled(per_family=3, each=30, size=32, seed=0)
    assert np.bincount(labels).tolist() == [30] * 12
    spectrum = np.log1p(np.abs(np.fft.rfft2(ink)))  # where a shape lies does not matter
    flat = spectrum[:, :16, :16].reshape(len(ink), -1)
    odd = np.arange(len(ink)) % 2 == 1
    found = RidgeClassifier(1000.0).fit(flat[~odd], labels[~odd]).score(flat[odd], labels[odd])
    assert found > 0.6  # chance is 0.08


def test_looks_stay_in_range_and_repeat() -> None:
    ink = pictures.unit(pictures.labelled(1, 5, 32, seed=0)[0])
    moved = pictures.jitter(ink, torch_generator(1))
    coloured = pictures.colour(moved, torch_generator(2))
    assert moved.shape == ink.shape
    assert coloured.shape == (20, 3, 32, 32)
    assert 0 <= coloured.min() <= coloured.max() <= 1
    assert torch.equal(
        coloured, pictures.colour(pictures.jitter(ink, torch_generator(1)), torch_generator(2))
    )
    spread = coloured.flatten(2).std(2).amax(1)
    assert (spread > 0.02).all()  # ink and ground differ in some colour


def test_the_source(refuses: Callable[..., Any]) -> None:
    source = load_source("procedural", "image", seed=3)
    assert isinstance(source.x, np.ndarray)
    assert source.x.shape == (1000, 3, 64, 64)
    assert source.x.dtype == np.uint8
    assert len(source.classes) == 40
    assert np.bincount(source.y).tolist() == [25] * 40
    taken = source.take(np.array([5, 2]))
    assert torch.equal(taken[1], torch.from_numpy(source.x[2]))
    with refuses("conflict", "source"):
        load_source("procedural", "text")
