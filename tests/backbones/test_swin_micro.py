"""The embedded weights."""

from pathlib import Path

import numpy as np
import torch
from sklearn.neighbors import NearestCentroid

import isthmus.backbones.swin_micro as home
from isthmus.backbones import Backbone, load_backbone, new_backbone, swin_micro_config
from isthmus.seeding import torch_generator
from isthmus.sources.procedural import pictures


def told_apart(backbone: Backbone, images: torch.Tensor, labels: np.ndarray) -> float:
    """How many of the second half of each class lie nearest to the mean features of the first half."""
    with torch.no_grad():
        features = backbone.pool(backbone.encode(backbone.embed(backbone.prepare(images, 0)))).numpy()
    odd = np.arange(len(labels)) % 2 == 1
    return NearestCentroid().fit(features[~odd], labels[~odd]).score(features[odd], labels[odd])


def test_they_are_small_and_know_their_pictures() -> None:
    backbone = load_backbone("swin-micro")
    assert sum(p.numel() for p in backbone.parameters()) <= 4e6
    assert (Path(home.__file__).parent / "model.safetensors").stat().st_size <= 10e6
    names = [name for name in pictures.class_names(25) if name.endswith(("-020", "-021", "-022", "-023"))]
    ink = torch.cat([pictures.ink(name, 10, 64, seed=12345) for name in names])  # of no seed it was shown
    images = pictures.colour(ink.float() / 255, torch_generator(6))
    labels = np.repeat(np.arange(len(names)), 10)
    known = told_apart(backbone, images, labels)
    assert known > 0.8
    assert known > told_apart(new_backbone(swin_micro_config(), 0), images, labels) + 0.3
