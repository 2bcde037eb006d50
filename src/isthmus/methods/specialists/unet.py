"""The U-Net of PDEBench, as a specialist."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.methods import methods
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec

LEVELS = 4
OPERATIONS: dict[int, tuple[Any, ...]] = {
    1: (nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d, F.max_pool1d),
    2: (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, F.max_pool2d),
}
"""Number of dimensions -> convolution, transposed convolution, batch norm and pooling"""


@methods.register("unet")
class UNetMethod(Specialist):
    """U-Net (Ronneberger et al., MICCAI 2015) as PDEBench has it (Takamoto et al., 2022): PaRe, Table 2.

    Four levels of two convolutions of size 3, batch norm and tanh, with `width` features at the first level
    and twice as many at each level below.

    Differences from the published code: one field is mapped to one field (published: autoregressive over
    time, with the pushforward trick); sizes not divisible by 16 are padded by their edge values and cropped;
    optimiser and epochs are those of the run (published: Adam, 1e-3, 500 epochs).

    Args:
        width: Number of features of the first level (published: 32).
    """

    references = (
        "O. Ronneberger, P. Fischer, T. Brox (2015), U-Net: convolutional networks for biomedical "
        "image segmentation, MICCAI",
        "M. Takamoto et al. (2022), PDEBench: an extensive benchmark for scientific machine "
        "learning, NeurIPS",
    )

    requirement = "fields: a target for every position of the input"

    def __init__(self, *, width: int = 32) -> None:
        self.width = width

    def supports(self, spec: Spec) -> bool:
        """Return whether the output is dense and has the size of the input."""
        return spec.output_size == spec.input_shape[1:]

    def build_body(self, spec: Spec) -> nn.Module:
        """Return the network: [B, C, *size] -> [B, C', *size]."""
        return UNet(spec.input_shape[0], spec.output_channels, len(spec.output_size), self.width)


class UNet(nn.Module):
    """The U-Net on fields of one or two dimensions: [B, C, *size] -> [B, C', *size].

    Args:
        channels: Number C of input channels.
        output_channels: Number C' of output channels.
        dimensions: Number of dimensions of a field, 1 or 2.
        width: Number of features of the first level.
    """

    def __init__(self, channels: int, output_channels: int, dimensions: int, width: int) -> None:
        super().__init__()
        convolution, transposed_convolution, _, self.pool = OPERATIONS[dimensions]
        widths = [width * 2**level for level in range(LEVELS + 1)]
        self.down = nn.ModuleList(
            _block(in_channels, out_channels, dimensions)
            for in_channels, out_channels in zip([channels, *widths[:-1]], widths, strict=True)
        )
        self.up = nn.ModuleList(transposed_convolution(2 * w, w, 2, stride=2) for w in reversed(widths[:-1]))
        self.across = nn.ModuleList(_block(2 * w, w, dimensions) for w in reversed(widths[:-1]))
        self.last = convolution(width, output_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map fields [B, C, *size] to fields [B, C', *size]."""
        size = x.shape[2:]
        padding = [width for n in reversed(size) for width in (0, -n % 2**LEVELS)]
        x = F.pad(x, padding, mode="replicate")
        skips = []
        for level, block in enumerate(self.down):
            x = block(self.pool(x, 2) if level else x)
            skips.append(x)
        x = skips.pop()
        for up, block in zip(self.up, self.across, strict=True):
            x = block(torch.cat([up(x), skips.pop()], 1))
        output: Tensor = self.last(x)
        for axis, length in enumerate(size, start=2):
            output = output.narrow(axis, 0, length)
        return output


def _block(in_channels: int, out_channels: int, dimensions: int) -> nn.Sequential:
    """Return two convolutions of size 3, each followed by batch norm and tanh."""
    convolution, _, batch_norm, _ = OPERATIONS[dimensions]
    layers: list[nn.Module] = []
    for channels in (in_channels, out_channels):
        layers += [
            convolution(channels, out_channels, 3, padding=1, bias=False),
            batch_norm(out_channels),
            nn.Tanh(),
        ]
    return nn.Sequential(*layers)
