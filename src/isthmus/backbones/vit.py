"""The ViT family: plain transformers over patches, with a CLS token."""

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import DeiTModel, Dinov2Model, PreTrainedModel, ViTModel

from isthmus.backbones.backbone import families, quarters
from isthmus.backbones.image import ImageBackbone
from isthmus.backbones.projection import Projection


@families.register("vit")
class ViTBackbone(ImageBackbone):
    """Vision Transformer (Dosovitskiy et al., ICLR 2021), at the image size of its configuration.

    Tokens are patches with positions added; `encode` puts the CLS token, with its own position, first.
    """

    family = "vit"
    references = (
        "A. Dosovitskiy et al. (2021), An image is worth 16x16 words: transformers for image "
        "recognition at scale, ICLR",
    )
    model_class: ClassVar[Any] = ViTModel
    default_mean = default_std = (0.5, 0.5, 0.5)
    prefix = 1

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__(model, name, folder)
        config: Any = self.config
        self.width = self.feature_width = config.hidden_size
        self.feature_grid = self.grid
        stages = len(self.stage_ends())
        self.stage_widths, self.stage_grids = (self.width,) * stages, (self.grid,) * stages

    def encode(self, tokens: Tensor) -> Tensor:
        """Encode tokens [B, L, D], L <= max_tokens, as features [B, P + L, F]."""
        self.check_length(tokens.shape[1])
        first = self.prefix_tokens() + self.model.embeddings.position_embeddings[:, : self.prefix]
        features = self.run_layers(torch.cat([first.expand(len(tokens), -1, -1), tokens], 1))
        normed: Tensor = self.model.layernorm(features)
        return normed

    def stage_ends(self) -> list[nn.Module]:
        """Return the last block of each quarter of the blocks."""
        return quarters(self.blocks())

    def blocks(self) -> list[nn.Module]:
        """Return the transformer blocks."""
        return list(self.model.layers)

    def prefix_tokens(self) -> Tensor:
        """Return the tokens [1, P, D] that come before the patches."""
        tokens: Tensor = self.model.embeddings.cls_token
        return tokens

    def run_layers(self, tokens: Tensor) -> Tensor:
        """Apply the transformer blocks: [B, P + L, D] to [B, P + L, D]."""
        for layer in self.model.layers:
            tokens = layer(tokens)
        return tokens

    def patch_projection(self) -> Projection:
        """Return convolve(x) + positions of the patches."""
        embeddings = self.model.embeddings
        convolution = embeddings.patch_embeddings.projection
        return Projection(
            weight=convolution.weight.detach(),
            bias=convolution.bias.detach(),
            positions=embeddings.position_embeddings.detach()[0, self.prefix :],
        )


@families.register("deit")
class DeiTBackbone(ViTBackbone):
    """DeiT (Touvron et al., ICML 2021): a distillation token after the CLS token."""

    family = "deit"
    references = (
        "H. Touvron et al. (2021), Training data-efficient image transformers and distillation "
        "through attention, ICML",
    )
    model_class: ClassVar[Any] = DeiTModel
    default_mean, default_std = ImageBackbone.default_mean, ImageBackbone.default_std
    prefix = 2

    def prefix_tokens(self) -> Tensor:
        """Return CLS and distillation token, [1, 2, D]."""
        embeddings = self.model.embeddings
        return torch.cat([embeddings.cls_token, embeddings.distillation_token], 1)


@families.register("dinov2")
class Dinov2Backbone(ViTBackbone):
    """DINOv2 (Oquab et al., TMLR 2024), at the image size of its configuration: 518, so 37 x 37 tokens."""

    family = "dinov2"
    references = (
        "M. Oquab et al. (2024), DINOv2: learning robust visual features without supervision, TMLR",
    )
    model_class: ClassVar[Any] = Dinov2Model
    model_options: ClassVar[dict[str, Any]] = {}
    default_mean, default_std = ImageBackbone.default_mean, ImageBackbone.default_std

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        embeddings: Any = model.embeddings
        embeddings.mask_token, model.config.use_mask_token = None, False  # only pretraining masks patches
        super().__init__(model, name, folder)

    def blocks(self) -> list[nn.Module]:
        """Return the transformer blocks."""
        return list(self.model.encoder.layer)

    def run_layers(self, tokens: Tensor) -> Tensor:
        """Apply the transformer blocks, with layer scale: [B, 1 + L, D] to [B, 1 + L, D]."""
        features: Tensor = self.model.encoder(tokens).last_hidden_state
        return features
