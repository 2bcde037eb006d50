"""A convolutional recurrent network for sound."""

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.methods import methods
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec

FILTERS = 128
POOL_SIZES = ((5, 2), (4, 2), (2, 2))
"""Bands and frames that are pooled to one, after each convolution."""
MIN_SIZE = (92, 22)
"""Smallest numbers of bands and frames, of which one each is left after pooling."""
HIDDEN_SIZE = 64
"""Features of the recurrent layer in each direction."""


@methods.register("crnn")
class CRNNMethod(Specialist):
    """The CRNN of FSD50K's paper (Fonseca et al., IEEE/ACM TASLP 30, 2022), as NAS-Bench-360's code has it.

    Row Hand-designed of PaRe's Table 1, FSD50K. (That code also has the VGG-like network of FSD50K's paper;
    it is not documented which of the two gave the row.) Three convolutions of kernel size 5 with ReLU, batch
    norm and max pooling, a bidirectional LSTM over frames, and one layer on its last output. What differs:
    spectrograms of fewer than 92 bands or 22 frames are padded with the channel's mean; optimiser and epochs
    are the run's (published: Adam).
    """

    references = (
        "E. Fonseca et al. (2022), FSD50K: an open dataset of human-labeled sound events, IEEE/ACM TASLP 30",
    )

    requirement = "spectrograms, or other pictures, with one answer each"

    def supports(self, spec: Spec) -> bool:
        """Return whether the task maps [C, bands, frames] to one vector [C']."""
        return len(spec.input_shape) == 3 and not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, bands, frames] -> [B, C']."""
        return CRNN(spec.input_shape[0], spec.input_shape[1], spec.output_channels)


class CRNN(nn.Module):
    """The network: [B, C, bands, frames] -> [B, C'].

    Args:
        channels: Channels C of the input.
        bands: Bands of the input.
        output_channels: Channels C' of the output.
    """

    def __init__(self, channels: int, bands: int, output_channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        bands_left = max(bands, MIN_SIZE[0])
        for before, pool_size in zip((channels, FILTERS, FILTERS), POOL_SIZES, strict=True):
            layers += [nn.Conv2d(before, FILTERS, 5, padding=1), nn.ReLU(), nn.BatchNorm2d(FILTERS)]
            layers.append(nn.MaxPool2d(pool_size))
            bands_left = (bands_left - 2) // pool_size[0]
        self.convolutions = nn.Sequential(*layers)
        self.recurrent = nn.LSTM(FILTERS * bands_left, HIDDEN_SIZE, bidirectional=True, batch_first=True)
        self.last = nn.Linear(2 * HIDDEN_SIZE, output_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, bands, frames] to [B, C']."""
        bands, frames = x.shape[2:]
        x = F.pad(x, (0, max(0, MIN_SIZE[1] - frames), 0, max(0, MIN_SIZE[0] - bands)))
        sequence = self.convolutions(x).flatten(1, 2).mT  # [B, frames, features]
        output: Tensor = self.last(self.recurrent(sequence)[0][:, -1])
        return output
