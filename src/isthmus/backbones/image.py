"""What all image backbones share: the native size, the grid of patches, the scale of pixels."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel

from isthmus.backbones.backbone import Backbone
from isthmus.errors import InputError
from isthmus.files import write_text

Colour = tuple[float, float, float]
IMAGENET_MEAN: Colour = (0.485, 0.456, 0.406)
IMAGENET_STD: Colour = (0.229, 0.224, 0.225)
PREPROCESSOR = "preprocessor_config.json"


class ImageBackbone(Backbone):
    """A backbone that reads pictures of one size.

    Attributes:
        image_size: native height and width.
        pixel_mean, pixel_std: [3], of the pixels it was pretrained on, in [0, 1]: those in
            `preprocessor_config.json`, or else the family's usual ones, which are ImageNet's (ViT: 0.5).
    """

    modality = "image"
    default_mean: ClassVar[Colour] = IMAGENET_MEAN
    default_std: ClassVar[Colour] = IMAGENET_STD
    pixel_mean: Tensor
    pixel_std: Tensor
    grid: tuple[int, int]

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__(model, name, folder)
        config: Any = self.config
        if config.num_channels != 3:
            raise InputError(f"'{name}' reads images of {config.num_channels} channels; 3 are needed")
        self.image_size = _pair(config.image_size)
        patch = _pair(config.patch_size)
        if any(size % p for size, p in zip(self.image_size, patch, strict=True)):
            raise InputError(f"'{name}': image size {self.image_size} is no multiple of patch size {patch}")
        self.grid = (self.image_size[0] // patch[0], self.image_size[1] // patch[1])
        self.max_tokens = self.grid[0] * self.grid[1]
        mean, std = _pixel_statistics(folder) or (self.default_mean, self.default_std)
        self.register_buffer("pixel_mean", torch.tensor(mean), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(std), persistent=False)

    def prepare(self, samples: Any, length: int = 0) -> Tensor:
        """Resize pictures to the native size (bilinear, smoothed when shrinking) and normalise their pixels.

        Args:
            samples: [B, 3, h, w], uint8 or float in [0, 1], array or tensor.
            length: not used; an image always gives `max_tokens` tokens.

        Raises:
            InputError: if the samples are not pictures.
        """
        if not hasattr(samples, "shape") or len(samples.shape) != 4 or samples.shape[1] != 3:
            shape = list(getattr(samples, "shape", [])) or f"a {type(samples).__name__}"
            raise InputError(f"'{self.name}' reads pictures [B, 3, h, w]; these are {shape}")
        pictures = torch.as_tensor(samples).to(self.pixel_mean.device)
        pixels = pictures.float() if pictures.is_floating_point() else pictures.float() / 255
        if tuple(pixels.shape[2:]) != self.image_size:
            pixels = F.interpolate(pixels, self.image_size, mode="bilinear", antialias=True)
        return (pixels - self.pixel_mean.view(3, 1, 1)) / self.pixel_std.view(3, 1, 1)

    def check_pixels(self, pixels: Tensor) -> None:
        """Raise InputError unless the pixels are [B, 3, *image_size]."""
        if tuple(pixels.shape[1:]) != (3, *self.image_size):
            expected = ["B", 3, *self.image_size]
            raise InputError(f"'{self.name}' embeds pixels {expected}; these are {list(pixels.shape)}")

    def save_preparation(self, folder: Path) -> None:
        """Write the pixel statistics as Hugging Face image processors do."""
        height, width = self.image_size
        values = {
            "do_normalize": True,
            "do_rescale": True,
            "do_resize": True,
            "image_mean": self.pixel_mean.tolist(),
            "image_std": self.pixel_std.tolist(),
            "resample": 2,  # bilinear
            "rescale_factor": 1 / 255,
            "size": {"height": height, "width": width},
        }
        write_text(folder / PREPROCESSOR, json.dumps(values, indent=2) + "\n")


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _pixel_statistics(folder: Path | None) -> tuple[list[float], list[float]] | None:
    """Mean and standard deviation of red, green and blue, if the folder says."""
    path = None if folder is None else folder / PREPROCESSOR
    if path is None or not path.exists():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        mean, std = ([float(v) for v in values[key]] for key in ("image_mean", "image_std"))
    except (ValueError, KeyError, TypeError):
        mean = std = []
    if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
        raise InputError(f"'{path}' must hold image_mean and image_std: three numbers each, image_std > 0")
    return mean, std
