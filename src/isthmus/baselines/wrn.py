"""Residual networks of fixed architecture: the wide one for pictures, and that of series."""

from torch import nn

from isthmus.baselines.resnet import residual_1d, wide_resnet
from isthmus.baselines.specialist import Specialist
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.model.base import Spec


@methods.register("wrn")
class WRN(Specialist):
    """The fixed architectures of NAS-Bench-360 (Tu et al., NeurIPS 2022), among its row in PaRe's Table 1.

    Pictures: WRN-16-4 (Zagoruyko and Komodakis, BMVC 2016). Series: the residual network of Wang et al.
    (IJCNN 2017). DASH (Shen et al., NeurIPS 2022) searches in both.

    What differs: nothing is tuned; optimiser and epochs are the run's (published: SGD with Nesterov momentum
    0.9, rate 0.1, weight decay 5e-4, 200 epochs, a fifth of the rate after 60, 120 and 160; for series Adam,
    rate 1e-3). Dense outputs, which the papers do not have, come from a network that keeps the resolution.

    Args:
        depth: layers for pictures, 6 n + 4 (published: 16).
        widen: factor on their channels (published: 4).
        width: channels of the first block for series (published: 64).
        dropout: inside the blocks (published: 0).
    """

    requirement = "one vector for a sample, or an output with positions where the input has them"

    def __init__(self, *, depth: int = 16, widen: int = 4, width: int = 64, dropout: float = 0.0) -> None:
        for name, value in (("widen", widen), ("width", width)):
            if value < 1:
                raise InputError(f"wrn's {name} is {value}; it is 1 or more")
        if not 0 <= dropout < 1:
            raise InputError(f"wrn's dropout is {dropout}; it lies in [0, 1)")
        self.depth, self.widen, self.width, self.dropout = depth, widen, width, dropout

    def supports(self, spec: Spec) -> bool:
        """One vector, or as many dimensions as the input."""
        return len(spec.output_size) in (0, len(spec.input_shape) - 1)

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, L] or [B, C, H, W] -> [B, C', *size]"""
        channels, *size = spec.input_shape
        if len(size) == 1:
            return residual_1d(channels, spec.output, width=self.width, dropout=self.dropout)
        return wide_resnet(channels, spec.output, depth=self.depth, widen=self.widen, dropout=self.dropout)
