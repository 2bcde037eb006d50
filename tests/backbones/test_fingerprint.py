"""The fingerprint of an embedder tells every two apart that give other tokens."""

import shutil

import pytest
import torch

from isthmus.backbones import load_backbone
from isthmus.backbones.fingerprint import fingerprint


@pytest.mark.parametrize("name", ["swin", "vit", "words"])
def test_it_follows_the_embedding_alone(backbones, name):
    backbone = load_backbone(backbones[name])
    before = fingerprint(backbone)
    assert fingerprint(load_backbone(backbones[name])) == before
    with torch.no_grad():
        next(backbone.encoder_parameters()).add_(1)
    assert fingerprint(backbone) == before
    for parameter in backbone.embedding_parameters():
        with torch.no_grad():
            parameter.view(-1)[-1] += 1e-3
        assert fingerprint(backbone) != before
        before = fingerprint(backbone)


def test_pixels_count(backbones):
    backbone = load_backbone(backbones["vit"])
    before = fingerprint(backbone)
    backbone.pixel_mean += 0.1
    assert fingerprint(backbone) != before


def test_words_count(backbones, tmp_path):
    folder = tmp_path / "words"
    shutil.copytree(backbones["words"], folder)
    before = fingerprint(load_backbone(folder))
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace('"d": 8', '"d": 9').replace('"e": 9', '"e": 8'))
    assert load_backbone(folder).prepare(["d e"], 2).tolist() == [[9, 8]]
    assert fingerprint(load_backbone(folder)) != before
