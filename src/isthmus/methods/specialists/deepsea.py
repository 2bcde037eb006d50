"""DeepSEA: three wide convolutions for sequence motifs, and a classifier."""

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.methods import methods
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec

FILTERS = (320, 480, 960)
KERNEL, POOL_SIZE = 8, 4
DROPOUT = (0.2, 0.2, 0.5)
DENSE_WIDTH = 925
MIN_LENGTH = 163
"""Smallest length, of which one position is left after pooling."""


@methods.register("deepsea")
class DeepSEAMethod(Specialist):
    """DeepSEA (Zhou and Troyanskaya, Nature Methods 12, 2015): row Hand-designed of PaRe's Table 1.

    Convolutions as in the paper; in NAS-Bench-360's code they are padded and have no biases. What differs:
    series shorter than 163 points are padded with the channel's mean; optimiser, epochs and regularisation
    are the run's (published: SGD with momentum 0.9, L2 5e-7, L1 1e-8 on the last features, kernel norms of at
    most 0.9).
    """

    references = (
        "J. Zhou, O. G. Troyanskaya (2015), Predicting effects of noncoding variants with deep "
        "learning-based sequence model, Nature Methods 12",
    )

    requirement = "series with one answer each"

    def supports(self, spec: Spec) -> bool:
        """Return whether the task maps [C, L] to one vector [C']."""
        return len(spec.input_shape) == 2 and not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, L] -> [B, C']."""
        channels, length = spec.input_shape
        return DeepSEA(channels, length, spec.output_channels)


class DeepSEA(nn.Module):
    """The network: [B, C, L] -> [B, C'].

    Args:
        channels: Channels C of the input.
        length: Length L of the input.
        output_channels: Channels C' of the output.
    """

    def __init__(self, channels: int, length: int, output_channels: int) -> None:
        super().__init__()
        before, length_left = (channels, *FILTERS), max(length, MIN_LENGTH)
        layers: list[nn.Module] = []
        for number, (filters, dropout) in enumerate(zip(FILTERS, DROPOUT, strict=True)):
            layers += [nn.Conv1d(before[number], filters, KERNEL), nn.ReLU()]
            length_left -= KERNEL - 1
            if number < len(FILTERS) - 1:
                layers.append(nn.MaxPool1d(POOL_SIZE))
                length_left //= POOL_SIZE
            layers.append(nn.Dropout(dropout))
        dense = nn.Linear(FILTERS[-1] * length_left, DENSE_WIDTH)
        self.layers = nn.Sequential(
            *layers, nn.Flatten(), dense, nn.ReLU(), nn.Linear(DENSE_WIDTH, output_channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, L] to [B, C']."""
        output: Tensor = self.layers(F.pad(x, (0, max(0, MIN_LENGTH - x.shape[-1]))))
        return output
