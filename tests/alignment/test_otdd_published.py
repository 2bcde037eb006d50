"""OTDD as ORCA's code computes it, against Sinkhorn's algorithm iterated until it stands still."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from isthmus.alignment import distances, otdd
from isthmus.alignment.sinkhorn import across, temperatures, within

ENTROPY = 0.1


def cloud(seed: int, n: int, width: int, classes: int, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Samples [n, width] of so many classes, each around its own mean, and the classes [n]."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % classes
    means = torch.randn(classes, width, generator=generator, dtype=torch.double)
    return scale * (means[y] + torch.randn(n, width, generator=generator, dtype=torch.double)), y


def slow_transport(cost: np.ndarray) -> float:
    """Least of <P, C> + e KL(P | uniform), by matrix scaling."""
    n, m = cost.shape
    kernel, v = np.exp(-cost / ENTROPY) / (n * m), np.ones(m)
    for _ in range(200):
        u = 1 / n / (kernel @ v)
        v = 1 / m / (kernel.T @ u)
    plan = u[:, None] * kernel * v
    return float((plan * cost).sum() + ENTROPY * (plan * np.log(plan * n * m)).sum())


def slow_divergence(xy: np.ndarray, xx: np.ndarray, yy: np.ndarray) -> float:
    return slow_transport(xy) - (slow_transport(xx) + slow_transport(yy)) / 2


def squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array([[((p - q) ** 2).sum() for q in b] for p in a])


def slow_table(x_s: Tensor, y_s: Tensor, x_t: Tensor, y_t: Tensor) -> np.ndarray:
    """Distances between all classes, the source's first."""
    parts = [x.numpy()[y == c] for x, y in ((x_s, y_s), (x_t, y_t)) for c in y.unique()]
    own = [squares(p, p) for p in parts]
    found = [
        [slow_divergence(squares(p, q), a, b) for q, b in zip(parts, own, strict=True)]
        for p, a in zip(parts, own, strict=True)
    ]
    return np.array(found)


def slow_otdd(x_s: Tensor, y_s: Tensor, x_t: Tensor, y_t: Tensor, table: np.ndarray) -> float:
    a, b, c, d = x_s.numpy(), x_t.numpy(), y_s.numpy(), y_t.numpy() + len(y_s.unique())
    pairs = ((a, b, c, d), (a, a, c, c), (b, b, d, d))
    return slow_divergence(*((squares(p, q) + table[np.ix_(i, j)]) / 2 for p, q, i, j in pairs))


@pytest.mark.parametrize("classes", [(3, 1), (2, 2)])
def test_value_is_that_of_the_published_definition(classes: tuple[int, int]) -> None:
    """Up to what geomloss, and so this, leaves out by stopping early."""
    source, target = cloud(0, 9, 2, classes[0], 0.5), cloud(1, 6, 2, classes[1], 0.5)
    expected = slow_otdd(*source, *target, slow_table(*source, *target))
    assert distances["otdd-published"](*source)(*target).item() == pytest.approx(expected, rel=0.05)


def test_gradient_is_that_of_the_published_definition_with_classes_as_they_are() -> None:
    """By finite differences of the distance whose table of classes stays."""
    source, (x_t, y_t) = cloud(0, 9, 2, 3, 0.5), cloud(1, 6, 2, 1, 0.5)
    x, table = x_t.clone().requires_grad_(), slow_table(*source, x_t, y_t)
    (gradient,) = torch.autograd.grad(distances["otdd-published"](*source)(x, y_t), x)
    expected = torch.zeros_like(x_t)
    for place in np.ndindex(6, 2):
        step = torch.zeros_like(x_t)
        step[place] = 1e-4
        more, less = (slow_otdd(*source, at, y_t, table) for at in (x_t + step, x_t - step))
        expected[place] = (more - less) / 2e-4
    assert torch.cosine_similarity(gradient.flatten(), expected.flatten(), dim=0) > 0.98
    assert gradient.norm().item() == pytest.approx(expected.norm().item(), rel=0.1)


def test_it_is_about_half_of_otdd() -> None:
    source, target = cloud(2, 60, 16, 4), cloud(3, 30, 16, 2)
    ratio = otdd(*source, *target) / distances["otdd-published"](*source)(*target)
    assert 2.0 < ratio.item() < 2.1


def test_with_one_target_class_the_labels_of_the_source_play_no_part() -> None:
    """As ORCA aligns: the gradient is that of features alone. That of `otdd` is another."""
    (x_s, y_s), (x_t, y_t) = cloud(4, 60, 4, 3), cloud(5, 20, 4, 1)
    found = []
    for measure in (
        lambda x: distances["otdd-published"](x_s, y_s)(x, y_t),
        lambda x: distances["otdd-published"](x_s, torch.arange(60) % 5)(x, y_t),
        lambda x: otdd(x_s, y_s, x, y_t),
    ):
        x = x_t.clone().requires_grad_()
        found.append(torch.autograd.grad(measure(x), x)[0])
    published, other_labels, ours = found
    torch.testing.assert_close(published, other_labels, atol=1e-4, rtol=0)
    assert torch.cosine_similarity(published.flatten(), ours.flatten(), dim=0) < 0.97


def test_nothing_from_a_data_set_to_itself() -> None:
    x, y = cloud(6, 20, 3, 2)
    assert distances["otdd-published"](x, y)(x.clone(), y).item() == pytest.approx(0, abs=1e-9)


def test_classes_of_one_sample_are_left_out(refuses: Callable[..., Any]) -> None:
    x, y = cloud(7, 13, 3, 2)
    y[12] = 5
    with_one, without = (distances["otdd-published"](*part) for part in ((x, y), (x[:12], y[:12])))
    target = cloud(8, 6, 3, 1)
    assert with_one(*target).item() == pytest.approx(without(*target).item())
    with refuses("value", "source"):
        distances["otdd-published"](x, torch.arange(13))
    with refuses("value", "target"):
        without(target[0], torch.arange(6))


def test_potentials_of_samples_to_themselves_are_those_across() -> None:
    x = cloud(9, 10, 2, 1)[0]
    cost, steps = torch.cdist(x, x).square(), temperatures(3.0, ENTROPY)
    f, g = across(cost, steps)
    torch.testing.assert_close(f, within(cost, steps))
    torch.testing.assert_close(f, g)


def test_the_regularisation_falls_by_a_quarter_from_the_square_of_the_diameter() -> None:
    steps = temperatures(2.0, ENTROPY)
    assert steps == pytest.approx([4, 4, 1, 0.25, 0.1])
    assert temperatures(0.0, ENTROPY) == [ENTROPY, ENTROPY]
