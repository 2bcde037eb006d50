"""The Swin family: windows of attention, patches merged from stage to stage."""

from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor
from transformers import PreTrainedModel, SwinModel, Swinv2Model

from isthmus.backbones.backbone import families
from isthmus.backbones.image import ImageBackbone
from isthmus.backbones.projection import Norm, Projection
from isthmus.errors import InputError


@families.register("swin")
class SwinBackbone(ImageBackbone):
    """Swin Transformer (Liu et al., ICCV 2021). It takes exactly the tokens of its grid, in raster order.

    Every stage but the first merges 2 x 2 tokens into one.
    """

    family = "swin"
    model_class: ClassVar[Any] = SwinModel

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__(model, name, folder)
        config: Any = self.config
        self.width, self.feature_width = config.embed_dim, self.model.num_features
        merged = 2 ** (len(config.depths) - 1)
        if self.grid[0] % merged or self.grid[1] % merged:
            raise InputError(
                f"'{name}' merges {merged} x {merged} tokens into one; its grid {self.grid} is no multiple"
            )
        self.feature_grid = (self.grid[0] // merged, self.grid[1] // merged)
        self.check_window()

    def check_window(self) -> None:
        """Raise InputError if a window is larger than the last stage: its position biases then do not fit."""
        window = self.model.config.window_size
        assert self.feature_grid is not None
        if window > min(self.feature_grid):
            raise InputError(
                f"'{self.name}': window_size {window} is larger than the last stage, {self.feature_grid};"
                f" it must be at most {min(self.feature_grid)}"
            )

    def embed(self, inputs: Tensor) -> Tensor:
        """Pixels [B, 3, H, W] -> tokens [B, L, D]: patches, norm, absolute positions where it has them."""
        self.check_pixels(inputs)
        tokens: Tensor = self.model.embeddings(inputs)[0]
        return tokens

    def encode(self, tokens: Tensor) -> Tensor:
        """Tokens [B, rows * columns, D] -> features [B, rows' * columns', F]"""
        if tokens.shape[1] != self.max_tokens:
            raise InputError(f"'{self.name}' takes exactly {self.max_tokens} tokens, not {tokens.shape[1]}")
        features: Tensor = self.model.layernorm(self.model.encoder(tokens, self.grid).last_hidden_state)
        return features

    def patch_projection(self) -> Projection:
        """norm(convolve(x)), and absolute positions where it has them."""
        embeddings = self.model.embeddings
        convolution, norm = embeddings.patch_embeddings.projection, embeddings.norm
        positions = embeddings.position_embeddings
        return Projection(
            weight=convolution.weight.detach(),
            bias=convolution.bias.detach(),
            norm=Norm(norm.weight.detach(), norm.bias.detach(), norm.eps),
            positions_after_norm=None if positions is None else positions.detach()[0],
        )


@families.register("swinv2")
class Swinv2Backbone(SwinBackbone):
    """Swin Transformer V2 (Liu et al., CVPR 2022)."""

    family = "swinv2"
    model_class: ClassVar[Any] = Swinv2Model

    def check_window(self) -> None:
        """Any window will do: it is cut to the stage, and its position biases come from a small network."""
        if self.model.embeddings.position_embeddings is not None:
            raise InputError(f"'{self.name}': Swin V2 with use_absolute_embeddings is not supported")
