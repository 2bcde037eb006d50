"""ROCKET: random convolutional kernels and a ridge classifier."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.specialists.ridge import FeatureRidge, RidgeMethod, Scale
from isthmus.model.base import Spec
from isthmus.numba_cache import provide_numba_cache

KERNEL_ARRAYS = ("weights", "lengths", "biases", "dilations", "paddings", "counts", "channels")
"""Parts of `kernels` in aeon, in its order."""


@methods.register("rocket")
class Rocket(RidgeMethod):
    """ROCKET (Dempster, Petitjean, Webb, Data Mining and Knowledge Discovery 34, 2020), kernels by aeon.

    Two features for each kernel, the maximum and the fraction of positive values, on series that are each
    standardised; each feature is divided by its standard deviation; a ridge classifier. Outputs are its
    decision values: they order the classes as logits do, but are not fitted as logits. NAS-Bench-360's
    hand-designed method for Satellite (PaRe, Table 1). What differs: the paper uses logistic regression by
    stochastic gradient descent for large data sets; here the ridge is then fitted to a part of the samples
    (`samples`).

    Args:
        kernels: Number of kernels (published: 10,000).
        samples: Largest number of training samples that are used; each takes 240 kB, and the time grows with
            their square.
    """

    references = (
        "A. Dempster, F. Petitjean, G. I. Webb (2020), ROCKET: exceptionally fast and accurate "
        "time series classification using random convolutional kernels, Data Mining and Knowledge "
        "Discovery 34",
    )
    libraries = ("aeon",)

    def __init__(self, *, kernels: int = 10_000, samples: int = 10_000) -> None:
        super().__init__(samples=samples, kernels=kernels)
        self.kernels = kernels

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, L] -> [B, C']."""
        channels, length = spec.input_shape
        features = RocketFeatures(channels, length, self.kernels)
        count = 2 * self.kernels
        return FeatureRidge(features, StandardDeviationScale(count), count, spec.output_channels)


class RocketFeatures(nn.Module):
    """Features of random kernels, computed on the CPU: [B, C, L] -> [B, 2 K].

    The kernels are buffers, so that they are saved and loaded.

    Args:
        channels: Channels C of the input.
        length: Length L of the input.
        kernels: Number of kernels, K.

    Raises:
        InputError: If aeon is missing.
    """

    def __init__(self, channels: int, length: int, kernels: int) -> None:
        provide_numba_cache()
        try:
            from aeon.transformations.collection.convolution_based import Rocket as Transform
        except ImportError:
            raise InputError(
                "the method 'rocket' needs the package aeon: pip install isthmus[rocket]",
                kind="dependency",
                key="aeon",
            ) from None
        from numba import config  # type: ignore[import-untyped]

        super().__init__()
        self.transform = Transform(
            kernels,
            n_jobs=min(torch.get_num_threads(), config.NUMBA_NUM_THREADS),
            random_state=int(torch.randint(2**31 - 1, ())),
        )
        with keep_torch_threads():
            self.transform.fit(np.zeros((1, channels, length), np.float32))  # It only uses the shape.
        for name, array in zip(KERNEL_ARRAYS, self.transform.kernels, strict=True):
            self.register_buffer(name, torch.from_numpy(array))

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Load kernels of any shape, because the shapes depend on the lengths that were drawn."""
        for name in KERNEL_ARRAYS:
            if prefix + name in state_dict:
                buffer = self.get_buffer(name)
                buffer.data = buffer.new_empty(state_dict[prefix + name].shape)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, L] to features [B, 2 K]."""
        self.transform.kernels = tuple(self.get_buffer(name).numpy() for name in KERNEL_ARRAYS)
        with keep_torch_threads():
            return torch.from_numpy(self.transform.transform(x.numpy()))


@contextmanager
def keep_torch_threads() -> Iterator[None]:
    """Keep torch's number of threads: numba shares its OpenMP, and sets it to all cores when it starts."""
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class StandardDeviationScale(Scale):
    """Division of every feature by its standard deviation; constant features are not changed."""

    std: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("std", torch.ones(count))

    def fit(self, features: Tensor) -> None:
        """Compute the standard deviations of features [N, F]."""
        std, mean = torch.std_mean(features.double(), 0, correction=0)
        self.std.copy_(torch.where(std > 1e-8 * mean.abs().clamp(1), std, 1.0))

    def forward(self, features: Tensor) -> Tensor:
        """Scale features [N, F]."""
        return features / self.std
