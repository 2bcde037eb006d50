"""A convolutional recurrent network for sound."""

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.baselines.specialist import Specialist
from isthmus.methods import methods
from isthmus.model.base import Spec

FILTERS = 128
POOLED = ((5, 2), (4, 2), (2, 2))
"""bands and frames that become one, after each convolution"""
LEAST = (92, 22)
"""bands and frames of which one of each is left"""
HIDDEN = 64
"""features of the recurrent layer, in either direction"""


@methods.register("crnn")
class CRNNMethod(Specialist):
    """The CRNN of FSD50K's paper (Fonseca et al., IEEE/ACM TASLP 30, 2022), as NAS-Bench-360's code has it.

    Row Hand-designed of PaRe's Table 1, FSD50K. (That code also has the paper's VGG-like network; which of
    the two gave the row is not said.) Three 5-convolutions with ReLU, batch norm and max pooling, a
    bidirectional LSTM over frames, one layer on its last output. What differs: spectrograms of fewer than 92
    bands or 22 frames are filled up with the channel's mean; optimiser and epochs are the run's (published:
    Adam).
    """

    requirement = "spectrograms, or other pictures, with one answer each"

    def supports(self, spec: Spec) -> bool:
        """[C, bands, frames] -> [C']"""
        return len(spec.input_shape) == 3 and not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, bands, frames] -> [B, C']"""
        return CRNN(spec.input_shape[0], spec.input_shape[1], spec.output_channels)


class CRNN(nn.Module):
    """[B, C, bands, frames] -> [B, C']"""

    def __init__(self, channels: int, bands: int, output_channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        left = max(bands, LEAST[0])
        for before, pooled in zip((channels, FILTERS, FILTERS), POOLED, strict=True):
            layers += [nn.Conv2d(before, FILTERS, 5, padding=1), nn.ReLU(), nn.BatchNorm2d(FILTERS)]
            layers.append(nn.MaxPool2d(pooled))
            left = (left - 2) // pooled[0]
        self.convolutions = nn.Sequential(*layers)
        self.recurrent = nn.LSTM(FILTERS * left, HIDDEN, bidirectional=True, batch_first=True)
        self.last = nn.Linear(2 * HIDDEN, output_channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, bands, frames] -> [B, C']"""
        bands, frames = x.shape[2:]
        x = F.pad(x, (0, max(0, LEAST[1] - frames), 0, max(0, LEAST[0] - bands)))
        sequence = self.convolutions(x).flatten(1, 2).mT  # [B, frames, features]
        output: Tensor = self.last(self.recurrent(sequence)[0][:, -1])
        return output
