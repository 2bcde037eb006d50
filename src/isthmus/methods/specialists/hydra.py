"""HYDRA: competing convolutional kernels and a ridge classifier."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.specialists.ridge import FeatureRidge, RidgeMethod, Scale
from isthmus.model.base import Spec
from isthmus.numba_cache import provide_numba_cache


@methods.register("hydra")
class Hydra(RidgeMethod):
    """HYDRA (Dempster, Schmidt, Webb, Data Mining and Knowledge Discovery 37, 2023), kernels by aeon.

    Random kernels in groups: at every position of the series and of its differences, and for each of several
    dilations, the kernels of a group that fit best and worst are counted, the best weighted by its response.
    The counts are scaled as published and are the input of a ridge classifier, whose decision values are the
    outputs. What differs: for large data sets the ridge is fitted to a part of the samples (`samples`).

    Args:
        kernels: Number of kernels in a group (published: 8).
        groups: Number of groups for each dilation, half of them on the differences (published: 64).
        samples: Largest number of training samples that are used, since all their features are in memory at
            once.
    """

    references = (
        "A. Dempster, D. F. Schmidt, G. I. Webb (2023), HYDRA: competing convolutional kernels for "
        "fast and accurate time series classification, Data Mining and Knowledge Discovery 37",
    )
    libraries = ("aeon",)

    def __init__(self, *, kernels: int = 8, groups: int = 64, samples: int = 10_000) -> None:
        super().__init__(samples=samples, kernels=kernels, groups=groups)
        self.kernels, self.groups = kernels, groups

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, L] -> [B, C']."""
        channels, length = spec.input_shape
        features = hydra_features(channels, length, self.kernels, self.groups)
        count = features(torch.zeros(1, *spec.input_shape)).shape[1]
        return FeatureRidge(features, SparseScale(count), count, spec.output_channels)


def hydra_features(channels: int, length: int, kernels: int, groups: int) -> nn.Module:
    """Build a module [B, C, L] -> [B, F] on the CPU, its kernels drawn from torch's global generator.

    Raises:
        InputError: If aeon is missing.
    """
    provide_numba_cache()
    try:
        from aeon.transformations.collection.convolution_based import HydraTransformer
    except ImportError:
        raise InputError(
            "the method 'hydra' needs the package aeon: pip install isthmus[rocket]",
            kind="dependency",
            key="aeon",
        ) from None
    # Without a seed it draws from torch's global generator. It sets torch's number of threads to n_jobs.
    transform = HydraTransformer(kernels, groups, n_jobs=torch.get_num_threads())
    transform.fit(np.zeros((1, channels, length), np.float32))
    features: Any = transform._hydra
    # Plain attributes become buffers, which are saved: the kernels, and the channels of each.
    for name, tensor in (("W", features.W), ("idx", torch.stack(features.idx))):
        delattr(features, name)
        features.register_buffer(name, tensor)
    module: nn.Module = features
    return module


class SparseScale(Scale):
    """The authors' sparse scaling: the square root of a count, standardised; 0 stays 0.

    z -> (sqrt(max(z, 0)) - mean) * [z > 0] / (std + zeros^4 + 1e-8), where zeros is the fraction of zeros of
    a feature in the training data, so that features that are rarely above 0 weigh less.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("std", torch.ones(count))

    def fit(self, features: Tensor) -> None:
        """Compute means and standard deviations of the roots of features [N, F]."""
        roots = features.clamp(0).sqrt()
        self.mean.copy_(roots.mean(0))
        self.std.copy_(roots.std(0) + (roots == 0).float().mean(0) ** 4 + 1e-8)

    def forward(self, features: Tensor) -> Tensor:
        """Scale features [N, F]."""
        roots = features.clamp(0).sqrt()
        return (roots - self.mean) * (roots != 0) / self.std
