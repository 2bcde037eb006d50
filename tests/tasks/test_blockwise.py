"""The published reading of metrics: the mean over blocks of a thousand."""

import pytest
import torch
from sklearn.metrics import f1_score, roc_auc_score

from isthmus.tasks.metrics import metrics
from isthmus.tasks.problem_types import Output

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(2300, 3, generator=GENERATOR)
CLASSES = torch.randint(0, 3, (2300,), generator=GENERATOR)
LABELS = (torch.rand(2300, 3, generator=GENERATOR) < 0.01).float()


def one_minus_f1(output, y):
    return 1 - f1_score(y, output.argmax(1), average="macro")


def one_minus_auroc(output, y):
    return 1 - roc_auc_score(y, output, average="macro")


def computed(name, y, batch):
    metric = metrics[name](Output(3))
    for output, target in zip(LOGITS.split(batch), y.split(batch), strict=True):
        metric.update(output, target)
    return metric


@pytest.mark.parametrize(
    ("name", "y", "slow"), [("1-f1", CLASSES, one_minus_f1), ("1-auroc", LABELS, one_minus_auroc)]
)
def test_the_reference_is_the_mean_over_blocks_and_the_metric_is_not(name, y, slow):
    blocks = [slow(o, t) for o, t in zip(LOGITS.split(1000), y.split(1000), strict=True)]
    metric = computed(f"{name}-reference", y, 100)
    assert metric.compute().item() == pytest.approx(sum(blocks) / 3, abs=1e-6)
    whole = computed(name, y, 100).compute().item()
    assert whole == pytest.approx(slow(LOGITS, y), abs=1e-6)
    assert abs(whole - sum(blocks) / 3) > 1e-4
    metric.reset()
    metric.update(LOGITS[:50], y[:50])
    metric.update(LOGITS[50:500], y[50:500])
    assert metric.compute().item() == pytest.approx(slow(LOGITS[:500], y[:500]), abs=1e-6)


def test_a_block_ends_with_the_batch_that_fills_it():
    blocks = [one_minus_f1(o, t) for o, t in zip(LOGITS.split(1100), CLASSES.split(1100), strict=True)]
    assert computed("1-f1-reference", CLASSES, 550).compute().item() == pytest.approx(
        sum(blocks) / 3, abs=1e-6
    )


def test_nothing_is_left_open_after_whole_blocks():
    metric = metrics["1-f1-reference"](Output(3))
    metric.update(LOGITS[:1000], CLASSES[:1000])
    assert metric.compute().item() == pytest.approx(one_minus_f1(LOGITS[:1000], CLASSES[:1000]), abs=1e-6)
