"""A network on the sphere whose features are equivariant to rotations."""

import math
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.specialists import spherical
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec

KERNEL_ANGLE = math.pi / 8
"""Angle between the pole and the outermost ring of a kernel, and largest turn of a kernel about the pole."""

RINGS, POINTS_PER_RING, TURNS = 3, 8, 3


@methods.register("s2cnn")
class S2CNNMethod(Specialist):
    """Spherical CNN (Cohen et al., ICLR 2018): row Hand-designed of PaRe's Table 1, Spherical.

    The network of the paper's section 5.2: correlation on the sphere, ReLU, correlation on the rotations
    (section 3), ReLU, the mean over all rotations, one layer; correlations are computed by Fourier transforms
    (section 4). Inputs are taken at the latitudes pi (2 j + 1) / 4 b, as in the published code. What differs:
    kernels are initialised at the scale of He et al., not at the published one; optimiser and epochs are the
    run's (NAS-Bench-360: Adam, 5e-3, batches of 32, 100 epochs, and by default a deeper network of seven
    correlations).

    Args:
        bands: Bandwidth of the features of each correlation; by default the paper's, 10 and 6.
        features: Number of features of each correlation; by default the paper's, 20 and 40.
    """

    references = ("T. S. Cohen et al. (2018), Spherical CNNs, ICLR",)

    requirement = "pictures of a sphere, [C, 2 b, 2 b] by latitude and longitude, b at least the first band"

    def __init__(self, *, bands: list[int] | None = None, features: list[int] | None = None) -> None:
        self.bands = [10, 6] if bands is None else bands
        self.features = [20, 40] if features is None else features
        if len(self.bands) != len(self.features) or not self.bands:
            raise InputError(
                f"s2cnn has {len(self.bands)} bands and {len(self.features)} features; one of each is right "
                "for every correlation",
                kind="conflict",
                key="method.bands",
            )
        if min(self.bands) < 1 or any(after > before for before, after in pairwise(self.bands)):
            raise InputError(
                f"s2cnn's bands are {self.bands}; numbers that fall, to 1 or more, are right",
                key="method.bands",
            )
        if min(self.features) < 1:
            raise InputError(
                f"s2cnn's features are {self.features}; 1 or more each are right", key="method.features"
            )

    def supports(self, spec: Spec) -> bool:
        """Return whether the task maps [C, 2 b, 2 b] to one vector [C'], with b at least the first band."""
        _, *size = spec.input_shape
        square = len(size) == 2 and size[0] == size[1] and size[0] % 2 == 0
        return square and size[0] >= 2 * self.bands[0] and not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, 2 b, 2 b] -> [B, C']."""
        channels, size, _ = spec.input_shape
        bands, features = self.bands, self.features
        layers: list[nn.Module] = [SphereCorrelation(channels, features[0], size // 2, bands[0]), nn.ReLU()]
        for (before, after), (band, next_band) in zip(pairwise(features), pairwise(bands), strict=True):
            layers += [RotationCorrelation(before, after, band, next_band), nn.ReLU()]
        last = nn.Linear(features[-1], spec.output_channels)
        return nn.Sequential(*layers, MeanOverRotations(bands[-1]), last)


class _Correlation(nn.Module):
    """A correlation with a kernel of weighted points.

    Args:
        channels: Input channels.
        features: Output channels.
        bandwidth: Bandwidth of the output.
        points: Points of the kernel, angles alpha, beta, gamma: [P, 3].
        analysis: Table of the Fourier transform of the input.
    """

    points: Tensor
    analysis: Tensor
    synthesis: Tensor

    def __init__(
        self, channels: int, features: int, bandwidth: int, points: np.ndarray, analysis: np.ndarray
    ) -> None:
        super().__init__()
        bound = math.sqrt(6 / (channels * len(points)))
        self.weight = nn.Parameter(torch.empty(features, channels, len(points)).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(features, 1, 1, 1))
        tables = {
            "points": spherical.wigner(bandwidth, points),
            "analysis": analysis,
            "synthesis": spherical.synthesis_table(bandwidth),
        }
        for name, table in tables.items():
            self.register_buffer(name, torch.from_numpy(table).to(torch.complex64), persistent=False)

    def kernel(self) -> Tensor:
        """Compute the conjugate coefficients of the kernel: [D, C, l, m, n]."""
        return torch.einsum("dcp,plmn->dclmn", self.weight.to(self.points.dtype), self.points).conj()


class SphereCorrelation(_Correlation):
    """A correlation on the sphere.

    It maps [B, C, 2 b, 2 b] by latitude and longitude to [B, D, 2 b', 2 b', 2 b'] by beta, alpha, gamma. Its
    value at the rotation R is the sum over the kernel's points p of their weights times the input at R p. The
    part of the input beyond the bandwidth b' is left out.

    Args:
        channels: Input channels, C.
        features: Output channels, D.
        before: Bandwidth of the input, b.
        bandwidth: Bandwidth of the output, b'.
    """

    def __init__(self, channels: int, features: int, before: int, bandwidth: int) -> None:
        analysis = spherical.analysis_table(before, bandwidth)[..., bandwidth - 1]
        super().__init__(channels, features, bandwidth, sphere_points(), analysis)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, 2 b, 2 b] to [B, D, 2 b', 2 b', 2 b']."""
        signal, bandwidth = spherical.analyse_sphere(x, self.analysis), self.analysis.shape[1]
        product = torch.einsum("bclm,dcln->bdlmn", signal, self.kernel()[..., bandwidth - 1])
        return spherical.synthesise_rotations(product, self.synthesis) + self.bias


class RotationCorrelation(_Correlation):
    """A correlation on the rotations.

    It maps [B, C, 2 b, 2 b, 2 b] by beta, alpha, gamma to [B, D, 2 b', 2 b', 2 b']. Its value at the rotation
    R is the sum over the kernel's rotations p of their weights times the input at R p. The part of the input
    beyond the bandwidth b' is left out.

    Args:
        channels: Input channels, C.
        features: Output channels, D.
        before: Bandwidth of the input, b.
        bandwidth: Bandwidth of the output, b'.
    """

    def __init__(self, channels: int, features: int, before: int, bandwidth: int) -> None:
        analysis = spherical.analysis_table(before, bandwidth)
        super().__init__(channels, features, bandwidth, rotation_points(), analysis)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, 2 b, 2 b, 2 b] to [B, D, 2 b', 2 b', 2 b']."""
        signal = spherical.analyse_rotations(x, self.analysis)
        product = torch.einsum("bclmn,dclkn->bdlmk", signal, self.kernel())
        return spherical.synthesise_rotations(product, self.synthesis) + self.bias


class MeanOverRotations(nn.Module):
    """The mean over all rotations: [B, C, 2 b, 2 b, 2 b] by beta, alpha, gamma -> [B, C].

    Args:
        band: Bandwidth of the input, b.
    """

    weights: Tensor

    def __init__(self, band: int) -> None:
        super().__init__()
        weights = torch.from_numpy(spherical.latitude_weights(band)).float()
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, 2 b, 2 b, 2 b] to [B, C]."""
        return x.mean((-2, -1)) @ self.weights


def sphere_points() -> np.ndarray:
    """Return points on rings around the pole, as the rotations that move the pole there: [P, 3]."""
    beta, alpha = np.meshgrid(_ring_angles(), _azimuths(), indexing="ij")
    return np.stack([alpha.ravel(), beta.ravel(), np.zeros(alpha.size)], 1)


def rotation_points() -> np.ndarray:
    """Return rotations that move the pole to these points, each with several turns about the pole: [P, 3]."""
    turns = np.linspace(-KERNEL_ANGLE, KERNEL_ANGLE, TURNS)
    beta, alpha, turn = np.meshgrid(_ring_angles(), _azimuths(), turns, indexing="ij")
    return np.stack([alpha.ravel(), beta.ravel(), (turn - alpha).ravel()], 1)


def _ring_angles() -> np.ndarray:
    return KERNEL_ANGLE * np.arange(1, RINGS + 1) / RINGS


def _azimuths() -> np.ndarray:
    return 2 * math.pi * np.arange(POINTS_PER_RING) / POINTS_PER_RING
