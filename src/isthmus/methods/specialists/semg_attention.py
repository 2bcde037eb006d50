"""A network with attention over the time steps of a window."""

import torch
from torch import Tensor, nn

from isthmus.methods import methods
from isthmus.methods.options import check_dropout
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec

FEATURES = 128
CLASSIFIER = (500, 500, 2000)


@methods.register("semg-attention")
class SemgAttentionMethod(Specialist):
    """Feed-forward attention (Josephs et al., ML4H 2020): row Hand-designed of PaRe's Table 1, NinaPro.

    One layer maps each time step to more features; each feature is then averaged over time, with weights
    computed from the whole window; three layers classify. What differs: loss, optimiser and epochs are the
    run's (published: focal loss, Ranger, 1e-3 with cosine annealing, batches of 128, 205 epochs).

    Args:
        dropout: Dropout rate before each layer of the classifier.
    """

    references = (
        "D. Josephs, C. Drake, A. Heroy, J. Santerre (2020), sEMG gesture recognition with a "
        "simple model of attention, ML4H",
    )

    requirement = "series, or pictures whose rows are series, with one answer each"

    def __init__(self, *, dropout: float = 0.36) -> None:
        check_dropout("semg-attention", dropout)
        self.dropout = dropout

    def supports(self, spec: Spec) -> bool:
        """Return whether the task maps [C, L] or [C, H, L] to one vector [C']."""
        return not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, L] or [B, C, H, L] -> [B, C']."""
        *sensors, times = spec.input_shape
        return SemgAttention(torch.Size(sensors).numel(), times, spec.output_channels, self.dropout)


class SemgAttention(nn.Module):
    """The network: [B, C, L] or [B, C, H, L] -> [B, C'].

    Args:
        sensors: Number of sensors, C or C x H.
        times: Number of time steps, L.
        output_channels: Channels C' of the output.
        dropout: Dropout rate before each layer of the classifier.
    """

    def __init__(self, sensors: int, times: int, output_channels: int, dropout: float) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(times)
        self.widen = _layer(sensors, FEATURES)
        self.attend = nn.Linear(times, times)
        widths = (FEATURES, *CLASSIFIER)
        self.classify = nn.Sequential(
            *(
                nn.Sequential(nn.Dropout(dropout), _layer(before, after))
                for before, after in zip(widths, CLASSIFIER, strict=False)
            ),
            nn.Linear(widths[-1], output_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, L] or [B, C, H, L] to [B, C']."""
        features = self.widen(self.scale(x.flatten(1, -2).mT)).mT  # [B, D, L]
        weights = self.attend(features).softmax(-1)
        output: Tensor = self.classify((weights * features).sum(-1))
        return output


def _layer(before: int, after: int) -> nn.Sequential:
    """Make a linear layer, Mish and layer norm on the last dimension."""
    return nn.Sequential(nn.Linear(before, after), nn.Mish(), nn.LayerNorm(after))
