"""ROCKET: random convolutional kernels and a ridge classifier."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.baselines.ridge import FeatureRidge, RidgeMethod, Scale
from isthmus.baselines.shapes import take_shapes
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.model.base import Spec

ARRAYS = ("weights", "lengths", "biases", "dilations", "paddings", "counts", "channels")
"""What the package calls `kernels`, in its order"""


@methods.register("rocket")
class Rocket(RidgeMethod):
    """ROCKET (Dempster, Petitjean, Webb, Data Mining and Knowledge Discovery 34, 2020), kernels by aeon.

    Two features a kernel, the greatest value and the share of positive ones, over each series standardised by
    itself; each feature divided by its standard deviation; a ridge classifier. Outputs are its decision
    values: in order as logits are, but not fitted as such. NAS-Bench-360's hand-designed method for Satellite
    (PaRe, Table 1). What differs: the paper has a logistic regression by stochastic gradient descent where
    there are many samples; here the ridge is then fitted to some of them (`samples`).

    Args:
        kernels: how many (published: 10,000).
        samples: most training samples that are used; each takes 240 kB, and the time grows with their square.
    """

    def __init__(self, *, kernels: int = 10_000, samples: int = 10_000) -> None:
        super().__init__(samples=samples, kernels=kernels)
        self.kernels = kernels

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, L] -> [B, C']"""
        channels, length = spec.input_shape
        features = RocketFeatures(channels, length, self.kernels)
        return FeatureRidge(features, Deviation(2 * self.kernels), 2 * self.kernels, spec.output_channels)


class RocketFeatures(nn.Module):
    """[B, C, L] -> [B, 2 K], on the CPU; the kernels are kept as arrays, whatever drew them.

    Raises:
        InputError: if aeon is missing.
    """

    def __init__(self, channels: int, length: int, kernels: int) -> None:
        try:
            from aeon.transformations.collection.convolution_based import Rocket as Transform
        except ImportError:
            raise InputError(
                "the method 'rocket' needs the package aeon: pip install isthmus[rocket]"
            ) from None
        from numba import config  # type: ignore[import-untyped]

        super().__init__()
        self.transform = Transform(
            kernels,
            n_jobs=min(torch.get_num_threads(), config.NUMBA_NUM_THREADS),
            random_state=int(torch.randint(2**31 - 1, ())),
        )
        with same_threads():
            self.transform.fit(np.zeros((1, channels, length), np.float32))  # it looks at the shape alone
        for name, array in zip(ARRAYS, self.transform.kernels, strict=True):
            self.register_buffer(name, torch.from_numpy(array))
        take_shapes(self)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] -> [B, 2 K]"""
        self.transform.kernels = tuple(self.get_buffer(name).numpy() for name in ARRAYS)
        with same_threads():
            return torch.from_numpy(self.transform.transform(x.numpy()))


@contextmanager
def same_threads() -> Iterator[None]:
    """Keep torch's number of threads: numba has the same OpenMP, and at its start gives it all cores."""
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class Deviation(Scale):
    """Every feature divided by its standard deviation; one that is constant stays as it is."""

    std: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("std", torch.ones(count))

    def fit(self, features: Tensor) -> None:
        std, mean = torch.std_mean(features.double(), 0, correction=0)
        self.std.copy_(torch.where(std > 1e-8 * mean.abs().clamp(1), std, 1.0))

    def forward(self, features: Tensor) -> Tensor:
        """[N, F] -> the same"""
        return features / self.std
