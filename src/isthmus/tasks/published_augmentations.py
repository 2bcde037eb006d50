"""Published augmentations of batches: (x [B, C, ...], y, generator) -> x and y of the same shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from isthmus.tasks.task import Augment


def crop_and_flip(border: int, black: Sequence[float]) -> Augment:
    """Shift pictures [B, C, H, W] by up to `border` points in each direction, and mirror half of them.

    Args:
        border: Width of the padding on all sides, from which the original size is cut.
        black: Value of the padding in each channel.
    """

    def augment(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        import torch

        batch, _, height, width = x.shape
        level = x.new_tensor(black).view(1, -1, 1, 1)
        padded = level.repeat(batch, 1, height + 2 * border, width + 2 * border)
        padded[:, :, border : border + height, border : border + width] = x
        shift = torch.randint(0, 2 * border + 1, (2, batch, 1), generator=generator)
        mirrored = torch.rand(batch, 1, generator=generator) < 0.5
        column = torch.arange(width).expand(batch, -1)
        column = torch.where(mirrored, width - 1 - column, column) + shift[1]
        row = torch.arange(height) + shift[0]
        cut = padded[torch.arange(batch)[:, None, None], :, row[:, :, None], column[:, None, :]]
        return cut.permute(0, 3, 1, 2).contiguous(), y

    return augment


def mask_spectrogram(x: Tensor, generator: Generator) -> Tensor:
    """Apply SpecAugment (Park et al., 2019) to half of the spectrograms [B, 1, F, T].

    As in FSD50K's baseline, up to 15 % of the bands and up to 20 % of the frames are set to the spectrogram's
    least value, once or twice.
    """
    import torch

    batch, _, bands, frames = x.shape
    least = x.amin((1, 2, 3), keepdim=True)
    masks = torch.rand(batch, generator=generator).lt(0.5) * torch.randint(
        1, 3, (batch,), generator=generator
    )
    for mask in range(2):
        low, late = (
            _random_stretch(batch, bands, 0.15, generator),
            _random_stretch(batch, frames, 0.20, generator),
        )
        hidden = (low[:, :, None] | late[:, None, :]) & (masks > mask).view(-1, 1, 1)
        x = torch.where(hidden[:, None].to(x.device), least, x)
    return x


def _random_stretch(batch: int, size: int, share: float, generator: Generator) -> Tensor:
    """Draw a mask for each sample, true along a stretch of up to `share` of the positions: [B, size]."""
    import torch

    width = (torch.rand(batch, 1, generator=generator) * share * size).long()
    start = (torch.rand(batch, 1, generator=generator) * (size - width)).long()
    position = torch.arange(size)
    return (position >= start) & (position < start + width)
