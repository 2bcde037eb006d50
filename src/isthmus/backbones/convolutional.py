"""What convolutional encoders share: tokens are the positions of the stem's map."""

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from isthmus.backbones.image import ImageBackbone
from isthmus.errors import InputError

NORMS = (nn.BatchNorm2d, nn.LayerNorm)


class ConvolutionalBackbone(ImageBackbone):
    """A backbone whose tokens are the positions of the map that its stem makes, in raster order.

    It reads pictures of any size. Its batch norms keep the statistics of the pretraining data, also while it
    is fine-tuned; after `reset` they take those of the batch, as in any training from random weights.

    Attributes:
        stem_stride: Pixels from one token to the next.
        keeps_statistics: Whether the encoder's batch norms use the statistics that they came with.
    """

    model_options: ClassVar[dict[str, Any]] = {}
    any_size: ClassVar[bool] = True
    readout: ClassVar[str] = "stages"
    stem_stride: ClassVar[int] = 2
    keeps_statistics: bool = True

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__(model, name, folder)
        with torch.no_grad():
            pixels = torch.zeros(1, 3, *self.image_size)
            maps = [self.stem(pixels)]
            maps += self.stages_of(maps[0])
        self.width, self.feature_width = maps[0].shape[1], maps[-1].shape[1]
        self.stage_widths = tuple(x.shape[1] for x in maps[1:])
        self.stage_grids = tuple((x.shape[2], x.shape[3]) for x in maps[1:])
        self.feature_grid = self.stage_grids[-1]

    @abstractmethod
    def stages_of(self, x: Tensor) -> list[Tensor]:
        """Compute the maps [B, F_i, rows, columns] at the end of every stage from the stem's."""

    def stem(self, pixels: Tensor) -> Tensor:
        """Compute the stem's map [B, D, H', W'] of normalised pixels [B, 3, H, W]."""
        made: Tensor = self.embeddings()(pixels)
        return made

    def grid_of(self, picture: tuple[int, int]) -> tuple[int, int]:
        """Return rows and columns of the stem's map.

        Raises:
            InputError: If the stem's stride does not divide the picture.
        """
        if picture[0] % self.stem_stride or picture[1] % self.stem_stride:
            raise InputError(
                f"'{self.name}' reads pictures whose size is a multiple of {self.stem_stride}, not"
                f" {picture[0]} x {picture[1]}",
                key="image_size",
            )
        return picture[0] // self.stem_stride, picture[1] // self.stem_stride

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

    def norm_parameters(self) -> Iterator[nn.Parameter]:
        """Iterate over scale and shift of every norm of the encoder."""
        encoder = {id(parameter) for _, parameter in self.named_encoder_parameters()}
        for module in self.modules():
            if isinstance(module, NORMS):
                yield from (parameter for parameter in module.parameters() if id(parameter) in encoder)

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
