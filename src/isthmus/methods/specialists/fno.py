"""The Fourier neural operator, as a specialist."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.options import check_at_least
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec
from isthmus.model.embedders.embedder import resize
from isthmus.tasks import Output

LAYERS = 4
PADDING = 2
"""Number of zeros appended to each axis, for fields that are not periodic"""
PROJECTION_WIDTH = 128
"""Hidden width of the output projection"""


@methods.register("fno")
class FNOMethod(Specialist):
    """Fourier neural operator (Li et al., ICLR 2021) of PDEBench (Takamoto et al., 2022): PaRe, Table 2.

    With modes=12 and width=32 it is the expert of Darcy flow in NAS-Bench-360 (Tu et al., 2022): PaRe, Table
    1, row Hand-designed. The spectral convolutions are those of neuraloperator.

    Differences from the published code: one field is mapped to one field (PDEBench: autoregressive over the
    ten first states); spectral weights are initialised from neuraloperator's normal distribution (published:
    uniform in [0, 1 / width^2]); optimiser and epochs are those of the run (published: Adam, 1e-3, weight
    decay 1e-4, halved every 100 of 500 epochs).

    Args:
        modes: Number of frequencies kept on each axis, of either sign on all but the last (published: 12;
            16 for diffusion-sorption).
        width: Number of channels (published: 20; 64 for diffusion-sorption).
    """

    references = (
        "Z. Li et al. (2021), Fourier neural operator for parametric partial differential equations, ICLR",
        "M. Takamoto et al. (2022), PDEBench: an extensive benchmark for scientific machine "
        "learning, NeurIPS",
    )
    libraries = ("neuraloperator",)

    requirement = "fields on a line or a grid to fields of as many dimensions"

    def __init__(self, *, modes: int = 12, width: int = 20) -> None:
        check_at_least(1, "fno", modes=modes, width=width)
        self.modes, self.width = modes, width

    def supports(self, spec: Spec) -> bool:
        """Return whether the output is dense and has as many dimensions as the input."""
        return len(spec.output_size) == len(spec.input_shape) - 1

    def build_body(self, spec: Spec) -> nn.Module:
        """Return the network: [B, C, *positions] -> [B, C', *size]."""
        return FourierOperator(spec.input_shape[0], spec.output, self.modes, self.width)


class FourierOperator(nn.Module):
    """Lifting layer, four Fourier layers and projection, in float32: [B, C, *positions] -> [B, C', *size].

    A Fourier layer computes gelu(K v + W v), where K multiplies each of the lowest frequencies by a matrix,
    and W multiplies every position by one matrix; the last layer has no gelu. The coordinates, in [0, 1], are
    appended to the input as channels.

    Args:
        channels: Number C of input channels.
        output: Channels C' and size of the output.
        modes: Number of frequencies kept on each axis.
        width: Number of channels of the layers.
    """

    def __init__(self, channels: int, output: Output, modes: int, width: int) -> None:
        super().__init__()
        dimensions = len(output.size)
        self.output = output
        self.lift = Pointwise(channels + dimensions, width)
        self.spectral = nn.ModuleList(spectral_convolution(width, modes, dimensions) for _ in range(LAYERS))
        self.pointwise = nn.ModuleList(Pointwise(width, width) for _ in range(LAYERS))
        self.project = nn.Sequential(
            Pointwise(width, PROJECTION_WIDTH), nn.GELU(), Pointwise(PROJECTION_WIDTH, output.channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map fields [B, C, *positions] to fields [B, C', *size]."""
        # Autocast is off because Fourier transforms have no half precision on CPU.
        with torch.autocast(x.device.type, enabled=False):
            return self._forward(x.float())

    def _forward(self, x: Tensor) -> Tensor:
        """Compute the output in the precision of the weights."""
        positions = x.shape[2:]
        v = pad(self.lift(append_coordinates(x)))
        for layer, (spectral, pointwise) in enumerate(zip(self.spectral, self.pointwise, strict=True)):
            v = spectral(v) + pointwise(v)
            if layer < LAYERS - 1:
                v = F.gelu(v)
        for axis, length in enumerate(positions, start=2):
            v = v.narrow(axis, 0, length)
        return resize(self.project(v), self.output.size)


class Pointwise(nn.Linear):
    """A linear layer applied at every position (a convolution of size 1 is slower on CPU)."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, D, *positions] to [B, D', *positions]."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ComplexWeight(nn.Module):
    """A complex parameter, stored as its real and imaginary parts [..., 2]."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.parts = nn.Parameter(torch.view_as_real(values.detach()).clone())

    def __getitem__(self, index: Any) -> Tensor:
        """Return the indexed part of the complex tensor."""
        return torch.view_as_complex(self.parts)[index]


def spectral_convolution(width: int, modes: int, dimensions: int) -> nn.Module:
    """Return neuraloperator's spectral convolution of [B, width, *positions], which keeps low frequencies.

    Args:
        width: Number of channels.
        modes: Number of frequencies kept on each axis, of either sign on all but the last.
        dimensions: Number of axes.

    Raises:
        InputError: If the package neuraloperator is missing.
    """
    try:
        from neuralop.layers.spectral_convolution import SpectralConv
    except ImportError:
        raise InputError(
            "the method 'fno' needs the package neuraloperator: pip install isthmus[fno]",
            kind="dependency",
            key="neuraloperator",
        ) from None
    # SpectralConv counts frequencies of both signs. On the last axis, where one sign suffices, it keeps half
    # of that number and one more.
    kept = [2 * modes] * (dimensions - 1) + [2 * (modes - 1)]
    convolution: nn.Module = SpectralConv(width, width, kept, bias=False)
    weight: Any = convolution.weight
    convolution.weight = ComplexWeight(weight.to_tensor())
    return convolution


def append_coordinates(x: Tensor) -> Tensor:
    """Append the coordinates along the d axes, from 0 to 1: [B, C, *positions] -> [B, C + d, *positions]."""
    axes = [torch.linspace(0, 1, n, device=x.device, dtype=x.dtype) for n in x.shape[2:]]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"))
    return torch.cat([x, grid.expand(len(x), *grid.shape)], 1)


def pad(v: Tensor) -> Tensor:
    """Append zeros to each axis of [B, D, *positions], one more to an axis of odd length.

    Lengths must be even because neuraloperator's convolution shifts the frequencies of an odd length by one.
    """
    widths = [width for n in reversed(v.shape[2:]) for width in (0, PADDING + n % 2)]
    return F.pad(v, widths)
