"""A deep residual network for electrocardiograms, of grouped convolutions."""

from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.baselines.specialist import Specialist
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.model.base import Spec

KERNEL = 16
HALVED, DOUBLED = 6, 12
"""blocks from one halving of the length, and one doubling of the features, to the next"""


@methods.register("ecg-resnet")
class EcgResNetMethod(Specialist):
    """The 1D residual network of Hong et al. (HOLMES, KDD 2020), as in their published code `resnet1d`.

    Row Hand-designed of PaRe's Table 1, ECG. What differs: optimiser and epochs are the run's (published:
    Adam, 1e-3, a tenth of it on plateaus, weight decay 1e-3, batches of 32, 50 epochs); windows are judged
    one by one (published: a record by the vote of its windows).

    Args:
        blocks: of two 16-convolutions; every sixth, from the second on, halves the length, every twelfth
            doubles the features.
        width: features of the first blocks, a multiple of `groups`.
        groups: of the features, which convolutions do not mix.
        dropout: before each convolution of a block but the very first.
    """

    requirement = "series with one answer each"

    def __init__(self, *, blocks: int = 48, width: int = 128, groups: int = 32, dropout: float = 0.5) -> None:
        if blocks < 1:
            raise InputError(f"ecg-resnet's blocks are {blocks}; 1 or more are right")
        if groups < 1 or width < 1 or width % groups:
            raise InputError(f"ecg-resnet's width is {width}; a multiple of the {groups} groups is right")
        if not 0 <= dropout < 1:
            raise InputError(f"ecg-resnet's dropout is {dropout}; it lies in [0, 1)")
        self.blocks, self.width, self.groups, self.dropout = blocks, width, groups, dropout

    def supports(self, spec: Spec) -> bool:
        """[C, L] -> [C']"""
        return len(spec.input_shape) == 2 and not spec.output_size

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, L] -> [B, C']"""
        widths = [self.width * 2 ** (block // DOUBLED) for block in range(self.blocks)]
        return nn.Sequential(
            _Convolution(spec.input_shape[0], self.width),
            nn.BatchNorm1d(self.width),
            nn.ReLU(),
            *(
                _Block(before, after, 1 + (block % HALVED == 1), self.groups, self.dropout, block == 0)
                for block, (before, after) in enumerate(zip([self.width, *widths], widths, strict=False))
            ),
            nn.BatchNorm1d(widths[-1]),
            nn.ReLU(),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(widths[-1], spec.output_channels),
        )


class _Convolution(nn.Conv1d):
    """[B, C, L] -> [B, D, L / stride], whatever remains rounded up."""

    def __init__(self, before: int, after: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(before, after, KERNEL, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        stride, length = self.stride[0], x.shape[-1]
        missing = max(0, KERNEL + ((length - 1) // stride) * stride - length)
        return super().forward(F.pad(x, (missing // 2, missing - missing // 2)))


class _Block(nn.Module):
    """[B, C, L] -> [B, D, L / stride]"""

    def __init__(
        self, before: int, after: int, stride: int, groups: int, dropout: float, first: bool
    ) -> None:
        super().__init__()
        self.stride, self.added = stride, after - before
        # what comes into the first block is normalised and rectified already
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
        kept = F.max_pool1d(x, self.stride, ceil_mode=True)
        return changed + F.pad(kept, (0, 0, self.added // 2, self.added - self.added // 2))
