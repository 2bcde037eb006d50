"""DeepSEA: three wide convolutions, which read motifs, motifs of motifs, and what these make together."""

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.baselines.specialist import Specialist
from isthmus.methods import methods
from isthmus.model.base import Spec

FILTERS = (320, 480, 960)
KERNEL, POOLED = 8, 4
DROPOUT = (0.2, 0.2, 0.5)
DENSE = 925
LEAST = 163
"""points of which one is left"""


@methods.register("deepsea")
class DeepSEAMethod(Specialist):
    """DeepSEA (Zhou and Troyanskaya, Nature Methods 12, 2015): row Hand-designed of PaRe's Table 1.

    Convolutions as in the paper; in NAS-Bench-360's code they are padded and have no biases. What differs:
    series shorter than 163 points are filled up with the channel's mean; optimiser, epochs and regularisation
    are the run's (published: SGD with momentum 0.9, L2 5e-7, L1 1e-8 on the last features, kernel norms of at
    most 0.9).
    """

    requirement = "series with one answer each"

    def supports(self, spec: Spec) -> bool:
        """[C, L] -> [C']"""
        return len(spec.input_shape) == 2 and not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, L] -> [B, C']"""
        channels, length = spec.input_shape
        return DeepSEA(channels, length, spec.output_channels)


class DeepSEA(nn.Module):
    """[B, C, L] -> [B, C']"""

    def __init__(self, channels: int, length: int, output_channels: int) -> None:
        super().__init__()
        before, left = (channels, *FILTERS), max(length, LEAST)
        layers: list[nn.Module] = []
        for number, (filters, dropout) in enumerate(zip(FILTERS, DROPOUT, strict=True)):
            layers += [nn.Conv1d(before[number], filters, KERNEL), nn.ReLU()]
            left -= KERNEL - 1
            if number < len(FILTERS) - 1:
                layers.append(nn.MaxPool1d(POOLED))
                left //= POOLED
            layers.append(nn.Dropout(dropout))
        dense = nn.Linear(FILTERS[-1] * left, DENSE)
        self.layers = nn.Sequential(
            *layers, nn.Flatten(), dense, nn.ReLU(), nn.Linear(DENSE, output_channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] -> [B, C']"""
        output: Tensor = self.layers(F.pad(x, (0, max(0, LEAST - x.shape[-1]))))
        return output
