"""A deep residual network of grouped convolutions for electrocardiograms."""

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.options import check_dropout
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec

KERNEL = 16
HALVING_INTERVAL, DOUBLING_INTERVAL = 6, 12
"""Number of blocks between two halvings of the length, and between two doublings of the features."""


@methods.register("ecg-resnet")
class EcgResNetMethod(Specialist):
    """The 1D residual network of Hong et al. (HOLMES, KDD 2020), as in their published code `resnet1d`.

    Row Hand-designed of PaRe's Table 1, ECG. What differs: optimiser and epochs are the run's (published:
    Adam, 1e-3, a tenth of it on plateaus, weight decay 1e-3, batches of 32, 50 epochs); the error is
    over single windows (published: over records, by the vote of their windows).

    Args:
        blocks: Number of blocks of two convolutions of kernel size 16; every sixth, from the second on,
            halves the length, every twelfth doubles the features.
        width: Features of the first blocks, a multiple of `groups`.
        groups: Number of groups of features in the grouped convolutions.
        dropout: Dropout rate before each convolution of a block but the very first.
    """

    references = (
        "S. Hong et al. (2020), HOLMES: health online model ensemble serving for deep learning "
        "models in intensive care units, KDD",
    )

    requirement = "series with one answer each"

    def __init__(self, *, blocks: int = 48, width: int = 128, groups: int = 32, dropout: float = 0.5) -> None:
        if blocks < 1:
            raise InputError(f"ecg-resnet's blocks are {blocks}; 1 or more are right", key="method.blocks")
        if groups < 1 or width < 1 or width % groups:
            raise InputError(
                f"ecg-resnet's width is {width}; a multiple of the {groups} groups is right",
                key="method.width",
            )
        check_dropout("ecg-resnet", dropout)
        self.blocks, self.width, self.groups, self.dropout = blocks, width, groups, dropout

    def supports(self, spec: Spec) -> bool:
        """Return whether the task maps [C, L] to one vector [C']."""
        return len(spec.input_shape) == 2 and not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, L] -> [B, C']."""
        widths = [self.width * 2 ** (block // DOUBLING_INTERVAL) for block in range(self.blocks)]
        return nn.Sequential(
            _Convolution(spec.input_shape[0], self.width),
            nn.BatchNorm1d(self.width),
            nn.ReLU(),
            *(
                _Block(
                    before, after, 1 + (block % HALVING_INTERVAL == 1), self.groups, self.dropout, block == 0
                )
                for block, (before, after) in enumerate(zip([self.width, *widths], widths, strict=False))
            ),
            nn.BatchNorm1d(widths[-1]),
            nn.ReLU(),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(widths[-1], spec.output_channels),
        )


class _Convolution(nn.Conv1d):
    """A convolution with padding: [B, C, L] -> [B, D, ceil(L / stride)]."""

    def __init__(self, before: int, after: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(before, after, KERNEL, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        stride, length = self.stride[0], x.shape[-1]
        missing = max(0, KERNEL + ((length - 1) // stride) * stride - length)
        return super().forward(F.pad(x, (missing // 2, missing - missing // 2)))


class _Block(nn.Module):
    """A residual block: [B, C, L] -> [B, D, ceil(L / stride)]."""

    def __init__(
        self, before: int, after: int, stride: int, groups: int, dropout: float, first: bool
    ) -> None:
        super().__init__()
        self.stride, self.added = stride, after - before
        # The input of the first block is normalised and rectified already.
        activation = [] if first else [nn.BatchNorm1d(before), nn.ReLU(), nn.Dropout(dropout)]
        self.change = nn.Sequential(
            *activation,
            _Convolution(before, after, stride, groups),
            nn.BatchNorm1d(after),
            nn.ReLU(),
            nn.Dropout(dropout),
            _Convolution(after, after, 1, groups),
        )

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.change(x)
        shortcut = F.max_pool1d(x, self.stride, ceil_mode=True)
        return changed + F.pad(shortcut, (0, 0, self.added // 2, self.added - self.added // 2))
