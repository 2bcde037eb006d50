"""A simple model of attention over the points of time of a window."""

import torch
from torch import Tensor, nn

from isthmus.baselines.specialist import Specialist
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.model.base import Spec

FEATURES = 128
CLASSIFIER = (500, 500, 2000)


@methods.register("semg-attention")
class SemgAttentionMethod(Specialist):
    """Feed-forward attention (Josephs et al., ML4H 2020): row Hand-designed of PaRe's Table 1, NinaPro.

    Each point of time is widened by one layer; each feature is then averaged over time, by weights that the
    whole window gives; three layers classify. What differs: loss, optimiser and epochs are the run's
    (published: focal loss, Ranger, 1e-3 with cosine annealing, batches of 128, 205 epochs).

    Args:
        dropout: before each layer of the classifier.
    """

    requirement = "series, or pictures whose rows are series, with one answer each"

    def __init__(self, *, dropout: float = 0.36) -> None:
        if not 0 <= dropout < 1:
            raise InputError(f"semg-attention's dropout is {dropout}; it lies in [0, 1)")
        self.dropout = dropout

    def supports(self, spec: Spec) -> bool:
        """[C, L] or [C, H, L] -> [C']"""
        return not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, L] or [B, C, H, L] -> [B, C']"""
        *sensors, times = spec.input_shape
        return SemgAttention(torch.Size(sensors).numel(), times, spec.output_channels, self.dropout)


class SemgAttention(nn.Module):
    """[B, C, L] or [B, C, H, L] -> [B, C'], of C or C x H sensors."""

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
        """[B, C, L] or [B, C, H, L] -> [B, C']"""
        features = self.widen(self.scale(x.flatten(1, -2).mT)).mT  # [B, D, L]
        shares = self.attend(features).softmax(-1)
        output: Tensor = self.classify((shares * features).sum(-1))
        return output


def _layer(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(before, after), nn.Mish(), nn.LayerNorm(after))
