"""Losses and metrics of single tasks, against loops and scikit-learn."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, balanced_accuracy_score, recall_score, roc_auc_score
from torch.nn import functional as F

from isthmus.tasks.losses import losses
from isthmus.tasks.metrics import metrics

BATCHES = (1, 4, 2, 5)


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def rand(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def computed(name: str, output: torch.Tensor, y: Any) -> float:
    """The metric over batches of different sizes, and over two processes merged."""
    whole, halves = (
        metrics[name](output.shape[1]),
        [metrics[name](output.shape[1]) for _ in "ab"],
    )
    for i, (o, t) in enumerate(zip(output.split(BATCHES), y.split(BATCHES), strict=True)):
        whole.update(o, t)
        halves[i % 2].update(o, t)
    halves[0].merge_state(halves[1])
    value = whole.compute().item()
    assert halves[0].compute().item() == pytest.approx(value, abs=1e-6)
    return value


def masks() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [12, 1, 9, 7], and masks with ignored points and the sky's level behind."""
    hit = (rand(12, 1, 9, 7) < 0.2).float()
    hit[rand(12, 1, 9, 7, seed=2) < 0.3] = -1
    return randn(12, 1, 9, 7) + hit, torch.cat([hit, torch.full_like(hit, 7.0)], 1)


def seen(output: torch.Tensor, y: Any) -> tuple[np.ndarray, np.ndarray]:
    keep = y[:, 0] >= 0
    return y[:, 0][keep].numpy(), output[:, 0][keep].numpy()


def test_area_over_all_points_that_are_seen() -> None:
    output, y = masks()
    hit, logits = seen(output, y)
    assert computed("1-auroc-seen", output, y) == pytest.approx(1 - roc_auc_score(hit, logits), abs=1e-6)


def test_area_of_decisions_is_balanced_accuracy_with_ignored_points_as_true_negatives() -> None:
    """As published: mask and logits are multiplied by 0 where a point is ignored, then cut at 0."""
    output, y = masks()
    kept = (y[:, :1] >= 0).float()
    hit, decision = ((y[:, :1] * kept).flatten().numpy(), ((output * kept) > 0).flatten().numpy())
    value = computed("1-auroc-seen-reference", output, y)
    assert value == pytest.approx(1 - balanced_accuracy_score(hit, decision), abs=1e-6)
    assert value == pytest.approx(1 - roc_auc_score(hit, decision), abs=1e-6)
    seen_hit, logits = seen(output, y)
    assert value < 1 - balanced_accuracy_score(seen_hit, logits > 0) - 0.01  # of seen points alone


def test_false_negatives() -> None:
    output, y = masks()
    hit, logits = seen(output, y)
    expected = 1 - recall_score(hit, logits > 0)
    assert computed("false-negative-rate-seen", output, y) == pytest.approx(expected, abs=1e-6)


def test_the_loss_of_a_mask_is_the_mean_over_points_that_are_seen() -> None:
    output, y = masks()
    y[3, 0] = -1
    loss = losses["bce-seen"](output, y, (1.0,))
    for b in range(12):
        terms = [
            math.log1p(math.exp(-v if t else v))
            for v, t in zip(output[b].flatten().tolist(), y[b, 0].flatten().tolist(), strict=True)
            if t >= 0
        ]
        assert loss[b].item() == pytest.approx(sum(terms) / len(terms) if terms else 0, rel=1e-5)


def test_precision_of_clips_is_that_of_the_mean_logits() -> None:
    logits, clip = randn(12, 5), torch.tensor([4, 4, 0, 0, 0, 2, 2, 2, 2, 9, 9, 1])
    of_clip = (rand(10, 5) < 0.5).float()
    y = torch.cat([of_clip[clip], clip[:, None].float()], 1)
    numbers = sorted(set(clip.tolist()))
    means = np.stack([logits[clip == n].mean(0).numpy() for n in numbers])
    labels = of_clip[numbers].numpy()
    there = [k for k in range(5) if labels[:, k].any()]
    expected = 1 - np.mean([average_precision_score(labels[:, k], means[:, k]) for k in there])
    assert computed("1-map-clips", logits, y) == pytest.approx(expected, abs=1e-6)


def test_chunks_of_no_clip_count_alone() -> None:
    logits, labels = randn(12, 5), (rand(12, 5) < 0.5).float()
    y = torch.cat([labels, torch.full((12, 1), -1.0)], 1)
    assert computed("1-map-clips", logits, y) == pytest.approx(computed("1-map", logits, labels), abs=1e-6)


@pytest.mark.parametrize(("name", "weight"), [("bce-4", 4), ("bce-10", 10)])
def test_a_label_that_is_there_counts_more(name: str, weight: float) -> None:
    logits, labels = randn(6, 5), (rand(6, 5) < 0.5).float()
    loss = losses[name](logits, torch.cat([labels, torch.full((6, 1), 3.0)], 1), (1.0,) * 5)
    plain = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    torch.testing.assert_close(loss, (plain * (1 + (weight - 1) * labels)).mean(1))


def test_fields_are_decoded_before_they_are_compared() -> None:
    output, solution = randn(12, 1, 4, 3), randn(12, 1, 4, 3, seed=1)
    mean, std = randn(1, 1, 4, 3, seed=2), 0.1 + rand(1, 1, 4, 3)
    perfect = (solution - mean) / std
    y = torch.cat([perfect, mean.expand(12, -1, -1, -1), std.expand(12, -1, -1, -1)], 1)
    decoded = output * std + mean
    ratios = [(d - s).norm() / s.norm() for d, s in zip(decoded, solution, strict=True)]
    assert computed("decoded-relative-l2", output, y) == pytest.approx(float(sum(ratios)) / 12, rel=1e-5)
    torch.testing.assert_close(losses["decoded-relative-l2"](output, y, (1.0,)), torch.stack(ratios))
    assert computed("decoded-relative-l2", perfect, y) == pytest.approx(0, abs=1e-5)


def contact_mae(output: torch.Tensor, y: Any, published: bool) -> float:
    """Pair by pair; as published, a pair's mean is written over one of the two, and then taken again."""
    errors = []
    for predicted, distance in zip(output[:, 0].numpy().copy(), y[:, 0].numpy(), strict=True):
        size, found = len(predicted), []
        if published:
            for p in range(size):
                for q in range(p, size):
                    predicted[p, q] = (predicted[q, p] + predicted[p, q]) / 2
            predicted[predicted < 0.01] = 0.01
        for p in range(size):
            for q in range(p + 24, size):
                if distance[p, q] <= 8:
                    mean = (predicted[p, q] + predicted[q, p]) / 2
                    found.append(abs(max(mean, 0.01) - distance[p, q]))
        if found:
            errors.append(np.mean(found))
    return np.mean(errors)


@pytest.mark.parametrize(("name", "published"), [("contact-mae", False), ("contact-mae-reference", True)])
def test_errors_of_contacts_pair_by_pair(name: str, published: bool) -> None:
    output, y = 6 + 5 * randn(12, 1, 30, 30), 16 * rand(12, 1, 30, 30)
    y = torch.minimum(y, y.mT)
    y[5] = 16  # a protein without a contact
    assert computed(name, output, y) == pytest.approx(contact_mae(output, y, published), rel=1e-5)


def proteins(lengths: tuple[int, ...], size: int = 50) -> tuple[torch.Tensor, torch.Tensor]:
    """Predictions and maps of proteins after a border of 5, with 16 angstrom around them."""
    y = torch.full((len(lengths), 1, size, size), 16.0)
    for b, length in enumerate(lengths):
        near = 1 + 14 * rand(length, length, seed=b)
        y[b, 0, 5 : 5 + length, 5 : 5 + length] = torch.minimum(near, near.T)
    return 6 + 5 * randn(len(lengths), 1, size, size), y


@pytest.mark.parametrize("lengths", [(30, 40, 26, 36), (40, 30, 26, 36)])
def test_published_code_cuts_every_protein_to_the_length_of_the_first(lengths: tuple[int, ...]) -> None:
    """Protein by protein in the file's order, with the length of protein 0 for all."""
    output, y = proteins(lengths)
    stop = 5 + lengths[0]
    cut = y.clone()
    cut[..., stop:, :], cut[..., stop:] = 16, 16
    metric = metrics["contact-mae-reference"](1)
    for number in range(len(lengths)):  # batches of one, as published
        metric.update(output[number : number + 1], y[number : number + 1])
    expected = contact_mae(output, cut, published=True)
    assert metric.compute().item() == pytest.approx(expected, rel=1e-5)
    whole = contact_mae(output, y, published=True)
    assert (expected == pytest.approx(whole, rel=1e-5)) == (lengths[0] == max(lengths))
    metric.reset()
    metric.update(output[1:], y[1:])
    cut = y[1:].clone()
    cut[..., 5 + lengths[1] :, :], cut[..., 5 + lengths[1] :] = 16, 16
    assert metric.compute().item() == pytest.approx(contact_mae(output[1:], cut, True), rel=1e-5)


def test_errors_of_contacts_by_hand() -> None:
    """One pair of residues 24 apart, at 6 angstrom: predicted 5 and 9, which is 7; published, 7 and 9."""
    output, y = torch.full((1, 1, 26, 26), 50.0), torch.full((1, 1, 26, 26), 16.0)
    y[0, 0, 1, 25] = y[0, 0, 25, 1] = 6
    y[0, 0, 1, 24] = 6  # too near in sequence
    output[0, 0, 1, 25], output[0, 0, 25, 1] = 5, 9
    for name, expected in (("contact-mae", 1.0), ("contact-mae-reference", 2.0)):
        metric = metrics[name](1)
        metric.update(output, y)
        assert metric.compute().item() == pytest.approx(expected)
