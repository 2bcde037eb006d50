"""The optimal transport dataset distance, against closed forms and solvers that share nothing with it."""

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.optimize import linprog
from torch import Tensor

from isthmus.alignment import distances, otdd

INNERS = ("exact", "gaussian")
NAMES = {"exact": "otdd", "gaussian": "otdd-gaussian"}


def cloud(
    seed: int, n: int, width: int, classes: int, dtype: torch.dtype = torch.double
) -> tuple[Tensor, Tensor]:
    """Samples [n, width] of so many classes, each around its own mean, and the classes [n]."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % classes
    means = torch.randn(classes, width, generator=generator, dtype=dtype)
    return means[y] + torch.randn(n, width, generator=generator, dtype=dtype), y


def linear_program(cost: np.ndarray) -> float:
    """Least cost of transport between uniform samples, as the linear program it is."""
    n, m = cost.shape
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    masses = np.r_[np.full(n, 1 / n), np.full(m, 1 / m)]
    return float(linprog(cost.ravel(), A_eq=np.r_[rows, columns], b_eq=masses).fun)


def slow_cost(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.array([[((p - q) ** 2).sum() for q in b] for p in a])


def slow_exact(a: np.ndarray, b: np.ndarray) -> float:
    return linear_program(slow_cost(a, b))


def slow_gaussian(a: np.ndarray, b: np.ndarray) -> float:
    of_a, of_b = (np.cov(x.T, bias=True).reshape(x.shape[1], -1) for x in (a, b))
    root = sqrtm(of_a)
    between = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(between + np.trace(of_a + of_b - 2 * sqrtm(root @ of_b @ root)).real)


SLOW = {"exact": slow_exact, "gaussian": slow_gaussian}


def slow_otdd(x_s: Tensor, y_s: Tensor, x_t: Tensor, y_t: Tensor, inner: str) -> float:
    a, b, c, d = (tensor.numpy() for tensor in (x_s, x_t, y_s, y_t))
    table = {(p, q): SLOW[inner](a[c == p], b[d == q]) for p in set(c) for q in set(d)}
    return linear_program(slow_cost(a, b) + np.array([[table[p, q] for q in d] for p in c]))


@pytest.mark.parametrize("inner", INNERS)
@pytest.mark.parametrize(
    ("sizes", "width", "classes"),
    [
        ((12, 12), 2, (3, 3)),  # permutations all through
        ((12, 8), 2, (3, 1)),  # one target class, as ORCA aligns
        ((11, 14), 3, (2, 3)),  # classes of different sizes
        ((9, 6), 1, (3, 2)),  # more samples than dimensions
    ],
)
def test_value_is_that_of_the_definition(
    inner: str, sizes: tuple[int, int], width: int, classes: tuple[int, int]
) -> None:
    source, target = (cloud(i, sizes[i], width, classes[i]) for i in range(2))
    assert otdd(*source, *target, inner).item() == pytest.approx(slow_otdd(*source, *target, inner), rel=1e-6)


def test_two_clouds_are_assigned_as_the_best_permutation_does() -> None:
    """With one class each, the classes are the clouds, so that the transport is paid twice."""
    (x_s, _), (x_t, _) = cloud(0, 6, 3, 1), cloud(1, 6, 3, 1)
    best = min(
        sum(((x_s[i] - x_t[j]) ** 2).sum().item() for i, j in enumerate(order)) / 6
        for order in permutations(range(6))
    )
    one = torch.zeros(6, dtype=torch.long)
    assert otdd(x_s, one, x_t, one).item() == pytest.approx(2 * best, rel=1e-12)


@pytest.mark.parametrize("width", [2, 12, 40])  # covariances of full rank, of n - 1, one of each
def test_gaussian_classes_are_apart_as_bures_and_wasserstein_say(width: int) -> None:
    (x_s, _), (x_t, _) = cloud(0, 13, width, 1), cloud(1, 30, width, 1)
    one_s, one_t = torch.zeros(13, dtype=torch.long), torch.zeros(30, dtype=torch.long)
    features = linear_program(slow_cost(x_s.numpy(), x_t.numpy()))
    classes = otdd(x_s, one_s, x_t, one_t, "gaussian").item() - features
    assert classes == pytest.approx(slow_gaussian(x_s.numpy(), x_t.numpy()), rel=1e-5)


@pytest.mark.parametrize("inner", INNERS)
@given(seed=st.integers(0, 99), n=st.integers(1, 9), classes=st.integers(1, 4), width=st.integers(1, 5))
def test_a_shift_costs_its_square_for_samples_and_again_for_classes(
    inner: str, seed: int, n: int, classes: int, width: int
) -> None:
    x, y = cloud(seed, n, width, classes)
    shift = torch.randn(width, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    expected = 2 * shift.square().sum().item()
    assert otdd(x, y, x + shift, y, inner).item() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("inner", INNERS)
@given(seed=st.integers(0, 99), sizes=st.tuples(*3 * [st.integers(1, 8)]), classes=st.integers(1, 3))
def test_symmetric_and_its_root_obeys_the_triangle_inequality(
    inner: str, seed: int, sizes: tuple[int, int, int], classes: int
) -> None:
    a, b, c = (cloud(seed + i, n, 3, classes) for i, n in enumerate(sizes))
    assert otdd(*a, *b, inner).item() == pytest.approx(otdd(*b, *a, inner).item(), rel=1e-9)
    ab, bc, ac = (otdd(*p, *q, inner).item() ** 0.5 for p, q in ((a, b), (b, c), (a, c)))
    assert ac <= ab + bc + 1e-9


@given(st.integers(0, 99), st.integers(1, 30), st.integers(1, 4), st.sampled_from([0.0, 1e3]))
def test_exactly_zero_from_a_data_set_to_itself_whatever_its_order_and_names(
    seed: int, n: int, classes: int, offset: float
) -> None:
    x, y = cloud(seed, n, 4, classes, torch.float32)
    x = x + offset
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    assert otdd(x, y, x[order], 7 - 2 * y[order]).item() == 0
    assert otdd(x, y, x[order], y[order], "gaussian").item() == pytest.approx(0, abs=1e-6)
    moving = x[order].clone().requires_grad_()
    otdd(x, y, moving, y[order]).backward()
    assert moving.grad is not None
    assert not moving.grad.any()


@given(st.integers(0, 99), st.integers(1, 8), st.integers(1, 8), st.integers(1, 3))
def test_gaussians_are_never_further_apart_than_the_classes_themselves(
    seed: int, n: int, m: int, classes: int
) -> None:
    source, target = cloud(seed, n, 3, classes), cloud(seed + 1, m, 3, classes)
    assert otdd(*source, *target, "gaussian").item() <= otdd(*source, *target).item() + 1e-9


@pytest.mark.parametrize("inner", INNERS)
@pytest.mark.parametrize(("sizes", "width"), [((12, 12), 3), ((12, 9), 3), ((9, 12), 8)])
def test_gradient_in_both_against_finite_differences(inner: str, sizes: tuple[int, int], width: int) -> None:
    (x_s, y_s), (x_t, y_t) = cloud(2, sizes[0], width, 2), cloud(3, sizes[1], width, 3)

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return otdd(a, y_s, b, y_t, inner)

    leaves = (x_s.requires_grad_(), x_t.requires_grad_())
    assert torch.autograd.gradcheck(distance, leaves, rtol=1e-4, atol=1e-7)


def test_classes_without_extent_have_a_gradient_too() -> None:
    """Singular values that vanish: a class of one sample, of equal samples, of samples on one line."""
    x_s, y_s = cloud(4, 9, 3, 3)
    x_s[y_s == 0] = x_s[0].clone()
    x_s[y_s == 1] = torch.tensor([0.0, 1.0, 2.0]).double()[:, None] * x_s[1]
    x_t = torch.randn(1, 3, generator=torch.Generator().manual_seed(5), dtype=torch.double)
    y_t = torch.zeros(1, dtype=torch.long)

    def distance(b: Tensor) -> Tensor:
        return otdd(x_s, y_s, b, y_t, "gaussian")

    assert distance(x_t).item() == pytest.approx(slow_otdd(x_s, y_s, x_t, y_t, "exact"), rel=1e-6)
    assert torch.autograd.gradcheck(distance, x_t.requires_grad_(), rtol=1e-4, atol=1e-7)
    moving = x_s.clone().requires_grad_()
    otdd(x_s, y_s, moving, y_s, "gaussian").backward()
    assert moving.grad is not None
    assert moving.grad.abs().max() < 1e-6


@pytest.mark.parametrize("inner", INNERS)
def test_a_fixed_source_is_measured_again_and_again_and_wants_no_gradient(inner: str) -> None:
    x_s, y_s = cloud(6, 10, 3, 2)
    distance = distances[NAMES[inner]](x_s.requires_grad_(), y_s)
    for seed in (7, 8):
        x_t, y_t = cloud(seed, 7, 3, 2)
        found, wanted = (x_t.clone().requires_grad_() for _ in range(2))
        value, expected = distance(found, y_t), otdd(x_s.detach(), y_s, wanted, y_t, inner)
        assert torch.equal(value, expected)
        value.backward()
        expected.backward()
        assert found.grad is not None
        assert torch.equal(found.grad, wanted.grad)
    assert x_s.grad is None


@pytest.mark.parametrize("inner", INNERS)
def test_single_precision_in_single_precision_out(inner: str) -> None:
    source, target = (cloud(seed, 20, 6, 2) for seed in (9, 10))
    (x_s, y_s), (x_t, y_t) = source, target
    single = x_t.float().requires_grad_()
    value = otdd(x_s.float(), y_s, single, y_t, inner)
    value.backward()
    assert value.dtype == torch.float32
    assert otdd(*source, single, y_t, inner).item() == pytest.approx(value.item(), rel=1e-5)
    assert value.item() == pytest.approx(otdd(*source, *target, inner).item(), rel=1e-5)
    assert single.grad is not None
    assert single.grad.isfinite().all()
