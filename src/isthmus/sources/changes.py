"""Published random changes of pictures that are drawn in training: uint8 [B, 3, H, W] to uint8."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor

BORDER = 4
SIZE = 224
AREA, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)
TRIES = 10


def crop_and_flip(x: Tensor, generator: Generator) -> Tensor:
    """Shift pictures by up to 4 points in each direction, black behind them, and mirror half of them."""
    import torch
    from torch.nn import functional as F

    height, width = x.shape[2:]
    padded = F.pad(x, [BORDER] * 4)
    shift = torch.randint(0, 2 * BORDER + 1, (len(x), 2), generator=generator).tolist()
    cut = [p[:, i : i + height, j : j + width] for p, (i, j) in zip(padded, shift, strict=True)]
    return _mirrored(torch.stack(cut), generator)


def resized_crop_and_flip(x: Tensor, generator: Generator) -> Tensor:
    """Cut a rectangle out of each picture, resize it to 224 x 224, and mirror half of them.

    It has 8 to 100 % of the area, and sides in a ratio between 3 / 4 and 4 / 3, log-uniform (Szegedy et al.,
    CVPR 2015).
    """
    import torch
    from torch.nn import functional as F

    cut = []
    for picture in x:
        top, left, height, width = _rectangle(picture.shape[1], picture.shape[2], generator)
        part = picture[None, :, top : top + height, left : left + width].float()
        part = F.interpolate(part, (SIZE, SIZE), mode="bilinear", antialias=True)
        cut.append(part.round().clamp(0, 255).to(torch.uint8))
    return _mirrored(torch.cat(cut), generator)


def _rectangle(height: int, width: int, generator: Generator) -> tuple[int, int, int, int]:
    """Draw a rectangle that lies in a picture: top, left, height, width; all of it if ten draws do not."""
    import torch

    for _ in range(TRIES):
        part, log_ratio, down, right = torch.rand(4, generator=generator).tolist()
        area = (AREA[0] + (AREA[1] - AREA[0]) * part) * height * width
        low, high = (math.log(ratio) for ratio in RATIO)
        ratio = math.exp(low + (high - low) * log_ratio)
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return int(down * (height - h + 1)), int(right * (width - w + 1)), h, w
    return 0, 0, height, width


def _mirrored(x: Tensor, generator: Generator) -> Tensor:
    """Mirror half of the pictures, drawn at random."""
    import torch

    mirror = torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5
    return torch.where(mirror, x.flip(-1), x)
