"""What ROCKET and HYDRA share: many random features of a series, scaled, and a ridge classifier over them."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.baselines.specialist import OneShotSpecialist
from isthmus.baselines.specialist_net import SpecialistNet
from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.model.base import Spec
from isthmus.seeding import numpy_generator
from isthmus.tasks import Split

ALPHAS = np.logspace(-3, 3, 10)
"""Penalties to choose from, as the authors' code has them"""

SHORTEST = 11
"""Points of the longest kernel"""

FEATURE_BATCH = 64


class Scale(nn.Module, ABC):
    """Features [N, F] to features of like size, by statistics of the training data's."""

    @abstractmethod
    def fit(self, features: Tensor) -> None:
        """Take them from [N, F]."""


class FeatureRidge(nn.Module):
    """[B, C, L] -> [B, C']: decision values of a linear classifier over features that do not learn.

    Args:
        features: [B, C, L] -> [B, F]
        scale: of the features.
        count: F.
        classes: C'.
    """

    def __init__(self, features: nn.Module, scale: Scale, count: int, classes: int) -> None:
        super().__init__()
        self.features, self.scale = features, scale
        self.ridge = nn.Linear(count, classes).requires_grad_(False)
        for parameter in self.ridge.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] -> [B, C']"""
        output: Tensor = self.ridge(self.scale(self.features(x)))
        return output

    def fit(self, features: Tensor, y: Tensor) -> None:
        """Ridge regression of 1 for a sample's class and -1 for the others, the penalty by leave-one-out.

        One penalty for all classes, of the least squared error. For two classes the columns are d and -d.

        Args:
            features: of the training samples, [N, F].
            y: their classes, [N].
        """
        from sklearn.linear_model import RidgeCV

        self.scale.fit(features)
        targets = 2.0 * F.one_hot(y, self.ridge.out_features).double() - 1
        fitted = RidgeCV(alphas=ALPHAS).fit(self.scale(features).numpy(), targets.numpy())
        self.ridge.weight.copy_(torch.from_numpy(fitted.coef_))
        self.ridge.bias.copy_(torch.from_numpy(fitted.intercept_))


class RidgeMethod(OneShotSpecialist):
    """A method whose body is a `FeatureRidge`.

    Args:
        kernels, groups: how many are drawn; 1 or more.
        samples: how many training samples the ridge is fitted to at most, since it holds all their features
            at once; where there are more, that many are drawn.
    """

    requirement = f"classification of series of {SHORTEST} points or more"

    def __init__(self, *, samples: int, **counts: int) -> None:
        for name, value in {**counts, "samples": samples}.items():
            if value < 1:
                raise InputError(f"the number of {name} is {value}; it is 1 or more")
        self.samples = samples

    def supports(self, spec: Spec) -> bool:
        """One class a series."""
        return (
            spec.kind == "classification" and len(spec.input_shape) == 2 and spec.input_shape[1] >= SHORTEST
        )

    @torch.no_grad()
    def fit(self, net: SpecialistNet, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Make the features, in batches, and fit the ridge; validation data is not looked at."""
        order = numpy_generator(config.seed, "ridge").permutation(len(train))
        chosen = np.sort(order[: self.samples])
        body = net.body
        assert isinstance(body, FeatureRidge)
        features = [
            body.features(net.standardise(torch.from_numpy(train.x[chosen[start : start + FEATURE_BATCH]])))
            for start in range(0, len(chosen), FEATURE_BATCH)
        ]
        body.fit(torch.cat(features), torch.from_numpy(train.y[chosen]))
