"""Shared parts of ROCKET and HYDRA: scaled random features of a series, and a ridge classifier on them."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods.specialists.specialist import OneShotSpecialist
from isthmus.methods.specialists.specialist_net import SpecialistNet
from isthmus.model.base import Spec
from isthmus.seeding import numpy_generator
from isthmus.tasks import Split

ALPHAS = np.logspace(-3, 3, 10)
"""Penalties to choose from, as in the authors' code."""

MIN_LENGTH = 11
"""Length of the longest kernel."""

FEATURE_BATCH = 64


class Scale(nn.Module, ABC):
    """A scaling of features [N, F] by statistics of the training data."""

    @abstractmethod
    def fit(self, features: Tensor) -> None:
        """Compute the statistics of features [N, F]."""


class FeatureRidge(nn.Module):
    """Decision values of a linear classifier on fixed features: [B, C, L] -> [B, C'].

    Args:
        features: Feature extractor [B, C, L] -> [B, F].
        scale: Scaling of the features.
        count: Number of features, F.
        classes: Number of classes, C'.
    """

    def __init__(self, features: nn.Module, scale: Scale, count: int, classes: int) -> None:
        super().__init__()
        self.features, self.scale = features, scale
        self.ridge = nn.Linear(count, classes).requires_grad_(False)
        for parameter in self.ridge.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, L] to decision values [B, C']."""
        output: Tensor = self.ridge(self.scale(self.features(x)))
        return output

    def fit(self, features: Tensor, y: Tensor) -> None:
        """Fit a ridge regression to 1 for a sample's class and -1 for the others.

        All classes share one penalty, the one of the least squared leave-one-out error. For two classes the
        columns are d and -d.

        Args:
            features: Features of the training samples, [N, F].
            y: Classes of the training samples, [N].
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
        samples: Largest number of training samples that the ridge is fitted to, since all their features are
            in memory at once; if there are more, so many are drawn.
        counts: Numbers of kernels or groups, 1 or more.
    """

    requirement = f"classification of series of {MIN_LENGTH} points or more"

    def __init__(self, *, samples: int, **counts: int) -> None:
        for name, value in {**counts, "samples": samples}.items():
            if value < 1:
                raise InputError(f"the number of {name} is {value}; it is 1 or more", key=f"method.{name}")
        self.samples = samples

    def supports(self, spec: Spec) -> bool:
        """Return whether the task is a classification of series that are long enough."""
        return (
            spec.kind == "classification" and len(spec.input_shape) == 2 and spec.input_shape[1] >= MIN_LENGTH
        )

    @torch.no_grad()
    def fit(self, net: SpecialistNet, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Compute the features in batches, and fit the ridge; validation data is not used."""
        order = numpy_generator(config.seed, "ridge").permutation(len(train))
        chosen = np.sort(order[: self.samples])
        body = net.body
        assert isinstance(body, FeatureRidge)
        features = [
            body.features(net.standardise(torch.from_numpy(train.x[chosen[start : start + FEATURE_BATCH]])))
            for start in range(0, len(chosen), FEATURE_BATCH)
        ]
        body.fit(torch.cat(features), torch.from_numpy(train.y[chosen]))
