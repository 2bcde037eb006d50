"""DEEPCON: residual blocks of dilated convolutions at full resolution."""

from torch import Tensor, nn

from isthmus.methods import methods
from isthmus.methods.options import check_at_least, check_dropout
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec

DILATIONS = (1, 2, 4)
"""Dilations of the second convolution of successive blocks."""


@methods.register("deepcon")
class DeepconMethod(Specialist):
    """DEEPCON (Adhikari, Bioinformatics 36, 2020), its version for distances (Scientific Reports 10, 2020).

    Row Hand-designed of PaRe's Table 1, PSICOV; blocks and width are NAS-Bench-360's. What differs: no
    ReLU follows the output, because the net scales it back to angstrom; loss, optimiser and epochs are the
    run's (published: log cosh, RMSprop, crops of 128 x 128, batches of 2).

    Args:
        blocks: Number of residual blocks.
        width: Number of features.
        dropout: Dropout rate between the two convolutions of a block.
    """

    references = (
        "B. Adhikari (2020), DEEPCON: protein contact prediction using dilated convolutional "
        "neural networks with dropout, Bioinformatics 36",
        "B. Adhikari (2020), A fully open-source framework for deep learning protein real-valued "
        "distances, Scientific Reports 10",
    )

    requirement = "pictures with an answer for every point"

    def __init__(self, *, blocks: int = 8, width: int = 16, dropout: float = 0.3) -> None:
        check_at_least(1, "deepcon", blocks=blocks, width=width)
        check_dropout("deepcon", dropout)
        self.blocks, self.width, self.dropout = blocks, width, dropout

    def supports(self, spec: Spec) -> bool:
        """Return whether the task maps [C, H, W] to [C', H, W]."""
        return len(spec.input_shape) == 3 and spec.output_size == spec.input_shape[1:]

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, H, W] -> [B, C', H, W]."""
        channels, width = spec.input_shape[0], self.width
        dilations = (DILATIONS[block % len(DILATIONS)] for block in range(self.blocks))
        return nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, width, 1),
            *(_Block(width, dilation, self.dropout) for dilation in dilations),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, spec.output_channels, 3, padding=1),
        )


class _Block(nn.Module):
    """A residual block: [B, D, H, W] -> [B, D, H, W]."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.Dropout(dropout),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation),
        )

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.change(x)
        return x + changed
