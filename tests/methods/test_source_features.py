"""Features of the source are computed once, and again as soon as anything that makes them is another."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from isthmus.methods import source_features as module
from isthmus.methods.source_features import source_features
from isthmus.sources import Source

PICTURES = np.random.default_rng(0).integers(0, 256, (9, 3, 16, 16), dtype=np.uint8)
SOURCE = Source("s", "image", PICTURES, np.arange(9) % 3, tuple("abc"))
TEXTS = Source("t", "text", ["a b", "c d e", "e a"], np.arange(3) % 2, ("one", "two"))
ALL = np.arange(9)


@pytest.fixture
def embedded(monkeypatch, tmp_path):
    """Counts the samples that are embedded: embedded(net) -> list of numbers."""
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path))
    monkeypatch.setattr(module, "CHUNK", 4)

    def watch(net):
        counts, embed = [], net.embed_source

        def counting(samples):
            counts.append(len(samples))
            return embed(samples)

        monkeypatch.setattr(net, "embed_source", counting)
        return counts

    return watch


def test_the_second_time_they_come_from_the_disk(make_net, backbones, embedded):
    net = make_net(backbones["swin"])
    expected = net.embed_source(torch.from_numpy(PICTURES)).mean(1)
    counts = embedded(net)
    order = np.array([5, 2, 0, 8, 1])
    made, kept = source_features(net, SOURCE, order), source_features(net, SOURCE, order)
    assert counts == [4, 1]
    torch.testing.assert_close(made, expected[order])
    assert made.equal(kept)
    again = make_net(backbones["swin"])  # another run
    assert source_features(again, replace(SOURCE, name="other", y=SOURCE.y[::-1]), order).equal(made)


@pytest.mark.parametrize("change", ["order", "sample", "weight", "pixels"])
def test_what_makes_them_is_another(make_net, backbones, embedded, change):
    net = make_net(backbones["swin"])
    before, counts = source_features(net, SOURCE, ALL), embedded(net)
    order, source = ALL, SOURCE
    if change == "order":
        order = ALL[::-1]
    if change == "sample":
        pictures = PICTURES.copy()
        pictures[4, 0, 0, 0] ^= 255
        source = replace(SOURCE, x=pictures)
    if change == "weight":
        with torch.no_grad():
            next(net.backbone.named_embedding_parameters())[1].view(-1)[0] += 1
    if change == "pixels":
        net.backbone.pixel_mean += 0.1
    assert not source_features(net, source, order).equal(before)
    assert sum(counts) == 9


def test_texts(make_net, backbones, embedded):
    net = make_net(backbones["words"])
    counts = embedded(net)
    order = np.arange(3)
    first = source_features(net, TEXTS, order)
    assert source_features(net, TEXTS, order).equal(first)
    assert counts == [3]
    net.embedder.layout = (5,)
    assert not source_features(net, TEXTS, order).equal(first)
    source_features(net, replace(TEXTS, x=["a b", "c d", "e a"]), order)
    assert counts == [3, 3, 3]
