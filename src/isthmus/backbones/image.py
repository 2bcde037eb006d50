"""What all image backbones share: native size, grid of patches, pixel statistics."""

import json
import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel

from isthmus.backbones.backbone import Backbone
from isthmus.backbones.registry import DEFAULT_SOURCES
from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.files import write_text

Colour = tuple[float, float, float]
IMAGENET_MEAN: Colour = (0.485, 0.456, 0.406)
IMAGENET_STD: Colour = (0.229, 0.224, 0.225)
PREPROCESSOR = "preprocessor_config.json"


class ImageBackbone(Backbone):
    """A backbone that reads pictures of one size.

    Attributes:
        pixel_mean: Mean [3] of red, green and blue in the pretraining data, in [0, 1]: from
            `preprocessor_config.json`, or else the family's default, which is ImageNet's (ViT: 0.5).
        pixel_std: Standard deviation [3] of the same, from the same place.
    """

    modality = "image"
    default_source = DEFAULT_SOURCES["image"]
    default_mean: ClassVar[Colour] = IMAGENET_MEAN
    default_std: ClassVar[Colour] = IMAGENET_STD
    pixel_mean: Tensor
    pixel_std: Tensor
    image_size: tuple[int, int]
    grid: tuple[int, int]

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__(model, name, folder)
        config: Any = self.config
        if config.num_channels != 3:
            raise InputError(
                f"'{name}' reads images of {config.num_channels} channels; 3 are needed", key=name
            )
        height, width = np.broadcast_to(config.image_size, 2).tolist()  # one number stands for both
        self.image_size = (height, width)
        self.grid = self.token_grid()
        self.max_tokens = self.grid[0] * self.grid[1]
        path = None if folder is None else folder / PREPROCESSOR
        statistics = _read_statistics(path) if path is not None and os.path.lexists(path) else None
        mean, std = statistics or (self.default_mean, self.default_std)
        self.register_buffer("pixel_mean", torch.tensor(mean), persistent=False)
        self.register_buffer("pixel_std", torch.tensor(std), persistent=False)

    def token_grid(self) -> tuple[int, int]:
        """Return rows and columns of the tokens of a picture of native size.

        Raises:
            InputError: If patches do not fill it.
        """
        config: Any = self.config
        patch = tuple(np.broadcast_to(config.patch_size, 2).tolist())
        if self.image_size[0] % patch[0] or self.image_size[1] % patch[1]:
            raise InputError(
                f"'{self.name}': image size {self.image_size} is no multiple of patch size {patch}",
                key=self.name,
            )
        return self.image_size[0] // patch[0], self.image_size[1] // patch[1]

    def embed(self, inputs: Tensor) -> Tensor:
        """Embed pixels [B, 3, H, W] as tokens [B, L, D]: patches, and what the family adds to them."""
        if tuple(inputs.shape[1:]) != (3, *self.image_size):
            expected = ["B", 3, *self.image_size]
            raise InputError(
                f"'{self.name}' embeds pixels {expected}; these are {list(inputs.shape)}", key="inputs"
            )
        return self.embed_pixels(inputs)

    def embed_pixels(self, inputs: Tensor) -> Tensor:
        """Embed pixels [B, 3, H, W] of the right size as tokens [B, L, D]."""
        embedded = self.model.embeddings(inputs)
        tokens: Tensor = embedded[0] if isinstance(embedded, tuple) else embedded  # Swin's also tell a size
        return tokens[:, self.prefix :]

    def prepare(self, samples: Any, length: int = 0) -> Tensor:
        """Resize pictures to the native size (bilinear, smoothed when shrinking) and normalise their pixels.

        Args:
            samples: Pictures [B, 3, h, w], uint8 or float in [0, 1], array or tensor.
            length: Not used; an image always gives `max_tokens` tokens.

        Raises:
            InputError: If the samples are not pictures.
        """
        if not hasattr(samples, "shape") or len(samples.shape) != 4 or samples.shape[1] != 3:
            shape = list(getattr(samples, "shape", [])) or f"a {type(samples).__name__}"
            raise InputError(f"'{self.name}' reads pictures [B, 3, h, w]; these are {shape}", key="samples")
        pictures = torch.as_tensor(samples).to(self.pixel_mean.device)
        pixels = pictures.float() if pictures.is_floating_point() else pictures.float() / 255
        if tuple(pixels.shape[2:]) != self.image_size:
            pixels = F.interpolate(pixels, self.image_size, mode="bilinear", antialias=True)
        return (pixels - self.pixel_mean.view(3, 1, 1)) / self.pixel_std.view(3, 1, 1)

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


def _read_statistics(path: Path) -> tuple[list[float], list[float]]:
    """Read mean and standard deviation of red, green and blue from an image processor's file."""
    values = read_json(path, dict[str, Any])
    try:
        mean, std = ([float(v) for v in values[key]] for key in ("image_mean", "image_std"))
    except (ValueError, KeyError, TypeError):
        mean = std = []
    if len(mean) != 3 or len(std) != 3 or not (np.isfinite([*mean, *std]).all() and min(std) > 0):
        raise InputError(
            f"'{path}' must hold image_mean and image_std: three numbers each, image_std > 0",
            kind="file",
            key=path,
        )
    return mean, std
