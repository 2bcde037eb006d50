"""How much cheaper is OTDD to a fixed source than recomputing every inner transport on each call?

Forward and backward of `distances["otdd"]` and `distances["otdd-gaussian"]` from 10 source classes to one
target class (as ORCA aligns its embedder) and to ten, 128 samples of width 768 to a class, against the
literal double loop: on each call the inner distance of every pair of classes of the union, one at a time,
as the published code fills its table, then the same exact outer transport, all in float64 and by autograd.
Both must give the same distance and gradient. Prints the ratio literal / ours of interleaved pairs. With
exact classes, ours too must compute the transports across and the outer one on every call.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import combinations, product

import ot
import torch
from torch import Tensor

from isthmus.alignment import Distance, distances

SIZES = {"per_class": 128, "width": 768, "source_classes": 10}
SMALLEST = {"pairs": 1, "per_class": 8, "width": 4, "source_classes": 2}

Inner = Callable[[Tensor, Tensor], Tensor]


def exact(a: Tensor, b: Tensor) -> Tensor:
    """Compute W_2^2 between two classes [n, D], [m, D], by POT on tensors."""
    distance: Tensor = ot.emd2(ot.unif(len(a), type_as=a), ot.unif(len(b), type_as=b), ot.dist(a, b))
    return distance


def gaussian(a: Tensor, b: Tensor) -> Tensor:
    """Compute W_2^2 between the Gaussians of two classes, from D x D covariances and their roots."""
    of_a, of_b = (torch.cov(x.T, correction=0) for x in (a, b))
    values, vectors = torch.linalg.eigh(of_a.detach())  # a is source wherever a gradient is needed
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ of_b @ root)
    cross = cross[cross > 1e-12 * cross[-1]].sqrt().sum()  # a root of zero has no gradient
    return (a.mean(0) - b.mean(0)).square().sum() + of_a.trace() + of_b.trace() - 2 * cross


def literal(inner: Inner, x_s: Tensor, y_s: Tensor) -> Distance:
    """Return the distance of the literal double loop, the baseline."""

    def distance(x_t: Tensor, y_t: Tensor) -> Tensor:
        x, z = x_s.double(), x_t.double()
        source, target = ([f[y == c] for c in y.unique()] for f, y in ((x, y_s), (z, y_t)))
        for classes in (source, target):
            for a, b in combinations(classes, 2):
                inner(a, b)
        across = torch.stack([inner(a, b) for a, b in product(source, target)]).view(len(source), -1)
        cost = ot.dist(x, z) + across[y_s][:, y_t]
        total: Tensor = ot.emd2(ot.unif(len(x), type_as=x), ot.unif(len(z), type_as=x), cost)
        return total.to(x_t)

    return distance


def samples(classes: int, each: int, width: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw features [classes * each, D] around a mean for each class, and the classes."""
    means = 0.5 * torch.randn(classes, 1, width, generator=generator)
    x = means + torch.randn(classes, each, width, generator=generator)
    return x.flatten(0, 1), torch.arange(classes).repeat_interleave(each)


def step(distance: Distance, x: Tensor, y: Tensor) -> tuple[float, Tensor, Tensor]:
    """Measure the seconds of one forward and backward; return them with distance and gradient."""
    x = x.clone().requires_grad_()
    start = time.perf_counter()
    value = distance(x, y)
    value.backward()
    seconds = time.perf_counter() - start
    assert x.grad is not None
    return seconds, value.detach(), x.grad


def compare(ours: Distance, floor: Distance, target: tuple[Tensor, Tensor], pairs: int) -> str:
    """Check that both agree, and measure them in turn."""
    for found, wanted in zip(step(ours, *target)[1:], step(floor, *target)[1:], strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    seconds = [(step(ours, *target)[0], step(floor, *target)[0]) for _ in range(pairs)]
    ratios = sorted(slow / fast for fast, slow in seconds)
    return (
        f"ours {1e3 * statistics.median(fast for fast, _ in seconds):.0f} ms, literal / ours"
        f" {statistics.median(ratios):.1f}x ({ratios[0]:.1f} - {ratios[-1]:.1f}, {pairs} pairs)"
    )


def main() -> None:
    """Measure all cases and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    parser.set_defaults(**SIZES)
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    source_classes, each, width = arguments.source_classes, arguments.per_class, arguments.width
    generator = torch.Generator().manual_seed(0)
    source = samples(source_classes, each, width, generator)
    print(
        f"{source_classes} source classes, n={each} D={width}, forward + backward,"
        f" {torch.get_num_threads()} threads"
    )
    for classes in (1, source_classes):
        target = samples(classes, each, width, generator)
        for name, inner in (("otdd", exact), ("otdd-gaussian", gaussian)):
            found = compare(distances[name](*source), literal(inner, *source), target, arguments.pairs)
            print(f"{name}, target classes {classes}: {found}", flush=True)


if __name__ == "__main__":
    main()
