"""The U-Net of PDEBench."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.baselines.specialist import Specialist
from isthmus.methods import methods
from isthmus.model.base import Spec

LEVELS = 4
KINDS: dict[int, tuple[Any, ...]] = {
    1: (nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d, F.max_pool1d),
    2: (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, F.max_pool2d),
}


@methods.register("unet")
class UNetMethod(Specialist):
    """U-Net (Ronneberger et al., MICCAI 2015) as PDEBench has it (Takamoto et al., 2022): PaRe, Table 2.

    Four levels of two 3-convolutions, batch norm and tanh, with `width` features at the first and twice as
    many at each below. What differs: one field becomes one field (published: autoregressive over time, with
    the pushforward trick); sizes that 16 does not divide are padded by their edge and cropped; optimiser
    and epochs are the run's (published: Adam, 1e-3, 500 epochs).

    Args:
        width: features of the first level (published: 32).
    """

    requirement = "fields: a target for every position of the input"

    def __init__(self, *, width: int = 32) -> None:
        self.width = width

    def supports(self, spec: Spec) -> bool:
        """Dense outputs of the size of the input."""
        return spec.output_size == spec.input_shape[1:]

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, *size] -> [B, C', *size]"""
        return UNet(spec.input_shape[0], spec.output_channels, len(spec.output_size), self.width)


class UNet(nn.Module):
    """[B, C, *size] -> [B, C', *size], size of one or two dimensions."""

    def __init__(self, channels: int, output_channels: int, dimensions: int, width: int) -> None:
        super().__init__()
        convolution, transposed, _, self.pool = KINDS[dimensions]
        widths = [width * 2**level for level in range(LEVELS + 1)]
        self.down = nn.ModuleList(
            _block(before, after, dimensions)
            for before, after in zip([channels, *widths[:-1]], widths, strict=True)
        )
        self.up = nn.ModuleList(transposed(2 * w, w, 2, stride=2) for w in reversed(widths[:-1]))
        self.across = nn.ModuleList(_block(2 * w, w, dimensions) for w in reversed(widths[:-1]))
        self.last = convolution(width, output_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, *size] -> [B, C', *size]"""
        size = x.shape[2:]
        around = [edge for n in reversed(size) for edge in (0, -n % 2**LEVELS)]
        x = F.pad(x, around, mode="replicate")
        kept = []
        for level, block in enumerate(self.down):
            x = block(self.pool(x, 2) if level else x)
            kept.append(x)
        x = kept.pop()
        for up, block in zip(self.up, self.across, strict=True):
            x = block(torch.cat([up(x), kept.pop()], 1))
        output: Tensor = self.last(x)
        for axis, length in enumerate(size, start=2):
            output = output.narrow(axis, 0, length)
        return output


def _block(before: int, after: int, dimensions: int) -> nn.Sequential:
    convolution, _, norm, _ = KINDS[dimensions]
    layers = []
    for channels in (before, after):
        layers += [convolution(channels, after, 3, padding=1, bias=False), norm(after), nn.Tanh()]
    return nn.Sequential(*layers)
