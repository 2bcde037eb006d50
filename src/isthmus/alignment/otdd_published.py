"""OTDD as ORCA's code computes it: `otdd-published`.

The cost is half of that of `otdd`, |x - x'|^2 / 2 + W(y, y') / 2, both transports are regularised by entropy
(0.1) and debiased, and distances W between classes are numbers without a gradient. ORCA gives it one target
class at a time: W is then the same for all targets of a source sample, and paid under every plan. So the
embedder descends the distance of features alone, and the labels of the source play no part.
"""

from itertools import combinations

import torch
from torch import Tensor

from isthmus.alignment.class_distance import Labelled, labelled
from isthmus.alignment.distance import Distance, check_widths, distances
from isthmus.alignment.mmd import squared_distances
from isthmus.alignment.sinkhorn import across, diameter, temperatures, within
from isthmus.errors import InputError

ENTROPY = 0.1


@distances.register("otdd-published")
def as_published(features: Tensor, classes: Tensor) -> Distance:
    """Return OTDD to a fixed source, as ORCA's code computes it; classes of one sample are left out."""
    source = Side(labelled("source", *of_several("source", features.detach(), classes)))
    inside = torch.zeros(len(source.clouds), len(source.clouds)).to(features)
    for p, q in combinations(range(len(source.clouds)), 2):
        inside[p, q] = inside[q, p] = _between(source.clouds[p], source.clouds[q])
    cost = (squared_distances(source.x, source.x) + inside[source.classes][:, source.classes]) / 2
    staying_source = within(cost, temperatures(diameter(source.x), ENTROPY))  # once, however far a target is

    def distance(x_t: Tensor, y_t: Tensor) -> Tensor:
        target = Side(labelled("target", *of_several("target", x_t, y_t)))
        check_widths(features, x_t)
        x = target.x.to(source.x)
        table = torch.stack([torch.stack([_between(a, b) for b in target.clouds]) for a in source.clouds])
        own = torch.zeros(len(target.clouds), len(target.clouds)).to(table)
        for p, q in combinations(range(len(target.clouds)), 2):
            own[p, q] = own[q, p] = _between(target.clouds[p], target.clouds[q])
        crossing = (squared_distances(source.x, x) + table[source.classes][:, target.classes]) / 2
        staying = (squared_distances(x, x.detach()) + own[target.classes][:, target.classes]) / 2
        steps = temperatures(diameter(source.x, x), ENTROPY)
        f, g = across(crossing, steps)
        value: Tensor = (f.detach() - staying_source).mean() + (g - within(staying, steps)).mean()
        return value.to(x_t)

    return distance


class Side:
    """One of the two data sets.

    Attributes:
        x: Samples [N, D].
        classes: Numbers [N] of their classes.
        clouds: Samples of each class, without a graph.
    """

    def __init__(self, samples: Labelled) -> None:
        self.x = samples.x
        self.classes = torch.from_numpy(samples.classes).to(self.x.device)
        self.clouds = [self.x.detach()[torch.from_numpy(rows).to(self.x.device)] for rows in samples.members]


def of_several(what: str, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the samples [N, D] and classes [N] without classes of one sample.

    Raises:
        InputError: If no class has several.
    """
    labelled(what, x, y)
    _, number, counts = torch.unique(y, return_inverse=True, return_counts=True)
    kept = counts[number] > 1
    if not kept.any():
        raise InputError(f"no {what} class has two samples or more; otdd-published needs one", key=what)
    return x[kept.to(x.device)], y[kept]


def _between(a: Tensor, b: Tensor) -> Tensor:
    """Compute the debiased W of two classes, [n, D] and [m, D], at cost |x - x'|^2."""
    steps = temperatures(diameter(a, b), ENTROPY)
    b = b.to(a)
    f, g = across(squared_distances(a, b), steps)
    of_a, of_b = (within(squared_distances(x, x), steps) for x in (a, b))
    return (f - of_a).mean() + (g - of_b).mean()
