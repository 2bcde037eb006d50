"""What convolutional encoders share: tokens are the positions of the stem's map."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isthmus.backbones.image import ImageBackbone
from isthmus.errors import InputError

IMAGE_SIZE = 224
"""Height and width of the pictures where a configuration names none, as ResNet's."""


class ConvolutionalBackbone(ImageBackbone):
    """A backbone whose tokens are the positions of the map that its stem makes, in raster order.

    It reads pictures of any size. Its batch norms keep the statistics of the pretraining data, also while it
    is fine-tuned; after `reset` they take those of the batch, as in any training from random weights.

    Attributes:
        keeps_statistics: Whether the encoder's batch norms use the statistics that they came with.
    """

    model_options: ClassVar[dict[str, Any]] = {}
    any_size: ClassVar[bool] = True
    norm_classes: ClassVar[tuple[type[nn.Module], ...]] = (nn.BatchNorm2d, nn.LayerNorm)
    readout = "stages"
    keeps_statistics: bool = True

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        config: Any = model.config
        if getattr(config, "image_size", None) is None:
            config.image_size = IMAGE_SIZE  # written with the configuration
        super().__init__(model, name, folder)
        channels_last: Any = torch.channels_last  # as tokens lie in memory; twice as fast on a CPU
        self.model.to(memory_format=channels_last)

    @abstractmethod
    def stages_of(self, x: Tensor) -> list[Tensor]:
        """Compute the maps [B, F_i, rows, columns] at the end of every stage from the stem's."""

    def stem(self, pixels: Tensor) -> Tensor:
        """Compute the stem's map [B, D, H', W'] of normalised pixels [B, 3, H, W]."""
        made: Tensor = self.embeddings()(pixels)
        return made

    def token_grid(self) -> tuple[int, int]:
        """Return rows and columns of the stem's map; widths and grids of all maps become known too.

        Raises:
            InputError: If a picture of native size is too small for the last stage.
        """
        try:
            with torch.no_grad():
                first = self.stem(torch.zeros(1, 3, *self.image_size))
                maps = self.stages_of(first)
        except RuntimeError:  # a kernel that is larger than its input
            height, width = self.image_size
            raise InputError(
                f"'{self.name}' cannot read pictures as small as {height} x {width}: give a larger"
                " image_size",
                key="image_size",
            ) from None
        self.width, self.feature_width = first.shape[1], maps[-1].shape[1]
        self.stage_widths = tuple(x.shape[1] for x in maps)
        self.stage_grids = tuple((x.shape[2], x.shape[3]) for x in maps)
        self.feature_grid = self.stage_grids[-1]
        return first.shape[2], first.shape[3]

    def embed_pixels(self, inputs: Tensor) -> Tensor:
        """Embed pixels [B, 3, H, W] as tokens [B, L, D]."""
        return self.stem(inputs).flatten(2).transpose(1, 2)

    def encode_stages(self, tokens: Tensor) -> list[Tensor]:
        """Encode tokens [B, L, D] as features [B, L_i, F_i] at the end of every stage."""
        if tokens.shape[1] != self.max_tokens:
            raise InputError(
                f"'{self.name}' takes exactly {self.max_tokens} tokens, not {tokens.shape[1]}", key="tokens"
            )
        x = tokens.transpose(1, 2).reshape(len(tokens), -1, *self.grid)
        return [stage.flatten(2).transpose(1, 2) for stage in self.stages_of(x)]

    def encode(self, tokens: Tensor) -> Tensor:
        """Encode tokens [B, L, D] as features [B, L', F]."""
        return self.encode_stages(tokens)[-1]

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; statistics that are kept stay in evaluation."""
        super().train(mode)
        self.embeddings().eval()
        if self.keeps_statistics:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def reset(self, seed: int) -> None:
        """Redraw all weights in place; from now on batch norms take their statistics from the batches."""
        super().reset(seed)
        self.keeps_statistics = False


def fold_norm(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the convolution that does what a convolution and a batch norm do."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    bias = norm.bias - norm.running_mean * factor
    if convolution.bias is not None:
        bias = bias + convolution.bias * factor
    return (convolution.weight * factor.view(-1, 1, 1, 1)).detach(), bias.detach()
