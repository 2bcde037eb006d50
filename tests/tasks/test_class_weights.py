"""Balanced classes: weights as scikit-learn has them, losses as they are written by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional as F

from isthmus import Task
from isthmus.tasks import Split
from isthmus.tasks.class_weights import balanced_weights, with_balanced_classes

rng = np.random.default_rng(0)


def task_of(y, kind="classification") -> Task:
    y = np.asarray(y)
    return Task.from_arrays(
        rng.normal(size=(len(y), *y.shape[1:]) if kind == "segmentation" else (len(y), 6)), y, kind=kind
    )


@given(st.lists(st.integers(0, 3), min_size=2, max_size=30).filter(lambda y: len(set(y)) > 1), st.booleans())
def test_classes_weigh_alike_in_total(y, weighted):
    task = task_of(y)
    given = np.arange(1, len(y) + 1) / np.mean(np.arange(1, len(y) + 1)) if weighted else None
    task = replace(task, train=replace(task.train, weights=given))
    classes = np.unique(y)
    expected = compute_class_weight("balanced", classes=classes, y=y)
    np.testing.assert_allclose(balanced_weights(task), expected)
    weights = with_balanced_classes(task).train.weights
    assert weights.mean() == pytest.approx(1)
    by_hand = expected[np.searchsorted(classes, y)] * (1 if given is None else given)
    np.testing.assert_allclose(weights, by_hand / by_hand.mean())
    if not weighted:
        totals = np.bincount(task.train.y, weights)
        np.testing.assert_allclose(totals, totals[0])


def test_a_class_that_is_not_there_weighs_nothing():
    task = task_of([0, 0, 1, 2])
    part = replace(task, train=task.train.part(np.arange(3)))
    np.testing.assert_allclose(balanced_weights(part), [3 / 3 / 2, 3 / 3 / 1, 0])


def test_positions_are_weighed_by_their_class():
    y = (rng.random((5, 7)) < 0.2).astype(int)
    task = with_balanced_classes(task_of(y, "segmentation"))
    output, weights = (
        torch.randn(5, 2, 7),
        compute_class_weight("balanced", classes=np.arange(2), y=y.ravel()),
    )
    each = F.cross_entropy(output, torch.tensor(y), reduction="none").numpy() * weights[y]
    np.testing.assert_allclose(task.training_losses(output, torch.tensor(y)), each.mean(1), rtol=1e-5)
    assert weights[y].mean() == pytest.approx(1)
    assert task.train.weights is None


def test_labels_are_weighed_by_how_often_they_are_there():
    y = np.array([[1, 0, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1]], np.float32)
    task = with_balanced_classes(task_of(y, "multilabel"))
    weights = np.array([[4 / 6, 4 / 6, 0], [4 / 2, 4 / 2, 0.5]])
    np.testing.assert_allclose(task.class_weights, weights)
    output = torch.randn(4, 3)
    each = F.binary_cross_entropy_with_logits(output, torch.tensor(y), reduction="none").numpy()
    expected = (each * np.where(y > 0, weights[1], weights[0])).mean(1)
    np.testing.assert_allclose(task.training_losses(output, torch.tensor(y)), expected, rtol=1e-5)
    plain = task.sample_losses(output, torch.tensor(y))
    np.testing.assert_allclose(plain, each.mean(1), rtol=1e-5)  # as validation data is measured


def test_what_has_no_classes_or_weights_of_its_own(refuses):
    with refuses("conflict", "class_weights"):
        with_balanced_classes(task_of(rng.normal(size=6), "regression"))
    with refuses("conflict", "class_weights"):
        task = task_of([[0, 1], [1, 1], [1, 0]], "multilabel")
        with_balanced_classes(replace(task, loss="bce-4"))
    assert isinstance(task.train, Split)
