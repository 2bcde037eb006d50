"""The Swin family: attention in windows, patches merged from stage to stage."""

from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import PreTrainedModel, SwinModel, Swinv2Model

from isthmus.backbones.backbone import families
from isthmus.backbones.image import ImageBackbone
from isthmus.backbones.projection import Projection
from isthmus.errors import InputError


@families.register("swin")
class SwinBackbone(ImageBackbone):
    """Swin Transformer (Liu et al., ICCV 2021). It takes exactly the tokens of its grid, in raster order.

    Every stage but the first merges 2 x 2 tokens into one. Tokens are patches after a norm, with absolute
    positions where the model has them.

    Attributes:
        window_must_fit: Whether a window larger than the last stage is an error.
    """

    family = "swin"
    references = (
        "Z. Liu et al. (2021), Swin transformer: hierarchical vision transformer using shifted windows, ICCV",
    )
    model_class: ClassVar[Any] = SwinModel
    window_must_fit: ClassVar[bool] = True  # its position biases do not fit otherwise
    any_size: ClassVar[bool] = True
    pools_by_mean: ClassVar[bool] = True

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__(model, name, folder)
        config: Any = self.config
        self.width, self.feature_width = config.embed_dim, self.model.num_features
        merged = 2 ** (len(config.depths) - 1)
        if self.grid[0] % merged or self.grid[1] % merged:
            raise InputError(
                f"'{name}' merges {merged} x {merged} tokens into one; its grid {self.grid} is no multiple",
                key=name,
            )
        self.feature_grid = (self.grid[0] // merged, self.grid[1] // merged)
        halvings = [2**stage for stage in range(len(config.depths))]
        self.stage_widths = tuple(config.embed_dim * factor for factor in halvings)
        self.stage_grids = tuple((self.grid[0] // factor, self.grid[1] // factor) for factor in halvings)
        if self.window_must_fit and config.window_size > min(self.feature_grid):
            raise InputError(
                f"'{name}': window_size {config.window_size} is larger than the last stage,"
                f" {self.feature_grid}; it must be at most {min(self.feature_grid)}",
                key=name,
            )

    def blocks(self) -> list[nn.Module]:
        """Return the transformer blocks of all stages."""
        return [block for stage in self.model.encoder.layers for block in stage.blocks]

    def stage_ends(self) -> list[nn.Module]:
        """Return the last block of every stage: what it gives is not merged yet."""
        return [stage.blocks[-1] for stage in self.model.encoder.layers]

    def encode(self, tokens: Tensor) -> Tensor:
        """Encode tokens [B, rows * columns, D] as features [B, rows' * columns', F]."""
        if tokens.shape[1] != self.max_tokens:
            raise InputError(
                f"'{self.name}' takes exactly {self.max_tokens} tokens, not {tokens.shape[1]}", key="tokens"
            )
        features: Tensor = self.model.layernorm(self.model.encoder(tokens, self.grid).last_hidden_state)
        return features

    def patch_projection(self) -> Projection:
        """Return norm(convolve(x)), and absolute positions where the model has them."""
        embeddings = self.model.embeddings
        convolution = embeddings.patch_embeddings.projection
        positions = embeddings.position_embeddings
        return Projection(
            weight=convolution.weight.detach(),
            bias=convolution.bias.detach(),
            norm=embeddings.norm,
            positions_after_norm=None if positions is None else positions.detach()[0],
        )


@families.register("swinv2")
class Swinv2Backbone(SwinBackbone):
    """Swin Transformer V2 (Liu et al., CVPR 2022).

    Any window will do: it is cut to the stage, and its position biases come from a small network.
    """

    family = "swinv2"
    references = ("Z. Liu et al. (2022), Swin transformer V2: scaling up capacity and resolution, CVPR",)
    model_class: ClassVar[Any] = Swinv2Model
    window_must_fit = False

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__(model, name, folder)
        if self.model.embeddings.position_embeddings is not None:
            raise InputError(f"'{name}': Swin V2 with use_absolute_embeddings is not supported", key=name)
