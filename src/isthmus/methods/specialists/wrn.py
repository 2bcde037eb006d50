"""Residual networks of fixed architecture: a wide one for pictures, and one for series."""

from torch import nn

from isthmus.methods import methods
from isthmus.methods.options import check_at_least, check_dropout
from isthmus.methods.specialists.resnet import residual_1d, wide_resnet
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec


@methods.register("wrn")
class WRN(Specialist):
    """The fixed architectures of NAS-Bench-360 (Tu et al., NeurIPS 2022), among its row in PaRe's Table 1.

    Pictures: WRN-16-4 (Zagoruyko and Komodakis, BMVC 2016). Series: the residual network of Wang et al.
    (IJCNN 2017). DASH (Shen et al., NeurIPS 2022) searches in both.

    What differs: nothing is tuned; optimiser and epochs are the run's (published: SGD with Nesterov momentum
    0.9, learning rate 0.1, weight decay 5e-4, 200 epochs, a fifth of that rate after 60, 120 and 160; for
    series Adam, 1e-3). Dense outputs, which the papers do not have, come from a network that keeps the
    resolution.

    Args:
        depth: Number of layers for pictures, 6 n + 4 (published: 16).
        widen: Factor on the channels for pictures (published: 4).
        width: Channels of the first block for series (published: 64).
        dropout: Dropout rate inside the blocks (published: 0).
    """

    references = (
        "S. Zagoruyko, N. Komodakis (2016), Wide residual networks, BMVC",
        "R. Tu et al. (2022), NAS-Bench-360: benchmarking neural architecture search on diverse "
        "tasks, NeurIPS",
    )

    requirement = "one vector for a sample, or an output with positions where the input has them"

    def __init__(self, *, depth: int = 16, widen: int = 4, width: int = 64, dropout: float = 0.0) -> None:
        check_at_least(1, "wrn", widen=widen, width=width)
        check_dropout("wrn", dropout)
        self.depth, self.widen, self.width, self.dropout = depth, widen, width, dropout

    def supports(self, spec: Spec) -> bool:
        """Return whether the output is one vector, or has as many dimensions as the input."""
        return len(spec.output_size) in (0, len(spec.input_shape) - 1)

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, L] or [B, C, H, W] -> [B, C', *size]."""
        channels, *size = spec.input_shape
        if len(size) == 1:
            return residual_1d(channels, spec.output, width=self.width, dropout=self.dropout)
        return wide_resnet(channels, spec.output, depth=self.depth, widen=self.widen, dropout=self.dropout)
