"""The Fourier neural operator."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.baselines.specialist import Specialist
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.model.base import Spec
from isthmus.model.embedders.embedder import resize
from isthmus.tasks import Output

LAYERS = 4
PADDING = 2
"""Zeros behind the last position of every axis, for fields that are not periodic"""

PROJECTION = 128


@methods.register("fno")
class FNOMethod(Specialist):
    """Fourier neural operator (Li et al., ICLR 2021) of PDEBench (Takamoto et al., 2022): PaRe, Table 2.

    With modes=12 and width=32 the expert of Darcy flow in NAS-Bench-360 (Tu et al., 2022): PaRe, Table 1,
    row Hand-designed. The spectral convolutions are those of neuraloperator. What differs: one field becomes
    one field (published by PDEBench: autoregressive over ten first states); spectral weights start from
    neuraloperator's normal distribution (published: uniform in [0, 1 / width^2]); optimiser and epochs are
    the run's (published: Adam, 1e-3, weight decay 1e-4, halved every 100 of 500 epochs).

    Args:
        modes: frequencies kept on each axis, of either sign on all but the last (published: 12).
        width: channels (published: 20; 16 or 64 for some equations).
    """

    requirement = "fields on a line or a grid to fields of as many dimensions"

    def __init__(self, *, modes: int = 12, width: int = 20) -> None:
        for name, value in (("modes", modes), ("width", width)):
            if value < 1:
                raise InputError(f"fno's {name} is {value}; it is 1 or more")
        self.modes, self.width = modes, width

    def supports(self, spec: Spec) -> bool:
        """Dense outputs of as many dimensions as the input."""
        return len(spec.output_size) == len(spec.input_shape) - 1

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, *positions] -> [B, C', *size]"""
        return FourierOperator(spec.input_shape[0], spec.output, self.modes, self.width)


class FourierOperator(nn.Module):
    """Lift, four Fourier layers, project: [B, C, *positions] -> [B, C', *size], in float32 throughout.

    A layer is gelu(K v + W v), K a multiplication of the lowest frequencies by a matrix each, W one of every
    position; the last has no gelu. The input's channels are joined by the coordinates, in [0, 1].
    """

    def __init__(self, channels: int, output: Output, modes: int, width: int) -> None:
        super().__init__()
        dimensions = len(output.size)
        self.output = output
        self.lift = Pointwise(channels + dimensions, width)
        self.spectral = nn.ModuleList(spectral_convolution(width, modes, dimensions) for _ in range(LAYERS))
        self.pointwise = nn.ModuleList(Pointwise(width, width) for _ in range(LAYERS))
        self.project = nn.Sequential(
            Pointwise(width, PROJECTION), nn.GELU(), Pointwise(PROJECTION, output.channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, *positions] -> [B, C', *size]"""
        with torch.autocast(x.device.type, enabled=False):  # Fourier transforms have no half precision on CPU
            return self.operate(x.float())

    def operate(self, x: Tensor) -> Tensor:
        """[B, C, *positions] -> [B, C', *size], in the precision of the weights."""
        positions = x.shape[2:]
        v = padded(self.lift(with_coordinates(x)))
        for layer, (spectral, pointwise) in enumerate(zip(self.spectral, self.pointwise, strict=True)):
            v = spectral(v) + pointwise(v)
            if layer < LAYERS - 1:
                v = F.gelu(v)
        for axis, length in enumerate(positions, start=2):
            v = v.narrow(axis, 0, length)
        return resize(self.project(v), self.output.size)


class Pointwise(nn.Linear):
    """A linear layer at every position (a convolution of size 1 is slower on CPU)."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, D, *positions] -> [B, D', *positions]"""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ComplexWeight(nn.Module):
    """A complex tensor, learnt and stored as its real and imaginary parts [..., 2]."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.parts = nn.Parameter(torch.view_as_real(values.detach()).clone())

    def __getitem__(self, index: Any) -> Tensor:
        """A part of the complex tensor."""
        return torch.view_as_complex(self.parts)[index]


def spectral_convolution(width: int, modes: int, dimensions: int) -> nn.Module:
    """neuraloperator's: [B, width, *positions] -> the same, all but the lowest frequencies cut.

    Raises:
        InputError: if the package is missing.
    """
    try:
        from neuralop.layers.spectral_convolution import SpectralConv
    except ImportError:
        raise InputError(
            "the method 'fno' needs the package neuraloperator: pip install isthmus[fno]"
        ) from None
    # it counts both signs, and on the last axis, where only one is needed, keeps half of them and one
    kept = [2 * modes] * (dimensions - 1) + [2 * (modes - 1)]
    convolution: nn.Module = SpectralConv(width, width, kept, bias=False)
    weight: Any = convolution.weight
    convolution.weight = ComplexWeight(weight.to_tensor())
    return convolution


def with_coordinates(x: Tensor) -> Tensor:
    """[B, C, *positions] -> [B, C + d, *positions]: where each of the d axes is, from 0 to 1."""
    axes = [torch.linspace(0, 1, n, device=x.device, dtype=x.dtype) for n in x.shape[2:]]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"))
    return torch.cat([x, grid.expand(len(x), *grid.shape)], 1)


def padded(v: Tensor) -> Tensor:
    """[B, D, *positions] with zeros behind; an odd length gets one more.

    neuraloperator's convolution shifts the frequencies of an odd length by one.
    """
    behind = [end for n in reversed(v.shape[2:]) for end in (0, PADDING + n % 2)]
    return F.pad(v, behind)
