"""deepCR: a shallow U-Net without norms."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from isthmus.methods import methods
from isthmus.methods.options import check_at_least
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec


@methods.register("deepcr")
class DeepCRMethod(Specialist):
    """deepCR-mask (Zhang and Bloom, ApJ 889, 2020): row Hand-designed of PaRe's Table 1, Cosmic.

    The published deepCR-mask-2-32; at each level two convolutions of kernel size 3 with weight norm and ReLU.
    What differs: sizes that the pooling does not divide are padded with their edge, and the output is
    cropped; optimiser and epochs are the run's (published: Adam, 5e-3, a tenth of it on plateaus, batches of
    16; NAS-Bench-360: 50 epochs).

    Args:
        levels: Number of resolutions.
        width: Features of the first level; each level below has twice as many.
    """

    references = ("K. Zhang, J. S. Bloom (2020), deepCR: cosmic ray rejection with deep learning, ApJ 889",)

    requirement = "pictures with an answer for every point"

    def __init__(self, *, levels: int = 2, width: int = 32) -> None:
        check_at_least(1, "deepcr", levels=levels, width=width)
        self.levels, self.width = levels, width

    def supports(self, spec: Spec) -> bool:
        """Return whether the task maps [C, H, W] to [C', H, W]."""
        return len(spec.input_shape) == 3 and spec.output_size == spec.input_shape[1:]

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, H, W] -> [B, C', H, W]."""
        return DeepCR(spec.input_shape[0], spec.output_channels, self.levels, self.width)


class DeepCR(nn.Module):
    """The network: [B, C, H, W] -> [B, C', H, W].

    Args:
        channels: Channels C of the input.
        output_channels: Channels C' of the output.
        levels: Number of resolutions.
        width: Features of the first level.
    """

    def __init__(self, channels: int, output_channels: int, levels: int, width: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(levels)]
        self.down = nn.ModuleList(map(_block, [channels, *widths[:-1]], widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in reversed(widths[:-1]))
        self.across = nn.ModuleList(_block(2 * w, w) for w in reversed(widths[:-1]))
        self.last = nn.Conv2d(width, output_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C', H, W]."""
        height, width = x.shape[2:]
        coarsest = 2 ** len(self.up)
        x = F.pad(x, (0, -width % coarsest, 0, -height % coarsest), mode="replicate")
        skipped = []
        for level, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if level else x)
            skipped.append(x)
        x = skipped.pop()
        for up, block in zip(self.up, self.across, strict=True):
            x = block(torch.cat([skipped.pop(), up(x)], 1))
        output: Tensor = self.last(x)
        return output[..., :height, :width]


def _block(before: int, after: int) -> nn.Sequential:
    """Make two convolutions with weight norm and ReLU: [B, before, H, W] -> [B, after, H, W]."""
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [weight_norm(nn.Conv2d(channels, after, 3, padding=1)), nn.ReLU()]
    return nn.Sequential(*layers)
