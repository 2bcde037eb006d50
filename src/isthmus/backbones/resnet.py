"""The ResNet family: residual convolutional networks."""

from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import ResNetModel

from isthmus.backbones.backbone import families
from isthmus.backbones.convolutional import ConvolutionalBackbone, fold_norm
from isthmus.backbones.projection import Projection


@families.register("resnet")
class ResNetBackbone(ConvolutionalBackbone):
    """ResNet (He et al., CVPR 2016). Tokens are the stem's map before it is pooled; `encode` pools first."""

    family = "resnet"
    references = (
        "K. He, X. Zhang, S. Ren, J. Sun (2016), Deep residual learning for image recognition, CVPR",
    )
    model_class: ClassVar[Any] = ResNetModel
    embedding_name = "embedder"
    pools_by_mean = True

    def stem(self, pixels: Tensor) -> Tensor:
        """Compute the map [B, D, H / 2, W / 2] of normalised pixels [B, 3, H, W] before it is pooled."""
        made: Tensor = self.model.embedder.embedder(pixels)
        return made

    def blocks(self) -> list[nn.Module]:
        """Return the stages."""
        return list(self.model.encoder.stages)

    def stages_of(self, x: Tensor) -> list[Tensor]:
        """Pool, and compute the maps at the end of the four stages."""
        maps, x = [], self.model.embedder.pooler(x)
        for stage in self.model.encoder.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def patch_projection(self) -> Projection:
        """Return activation(norm(convolve(x))), the norm folded into the convolution."""
        stem = self.model.embedder.embedder
        weight, bias = fold_norm(stem.convolution, stem.normalization)
        activation: nn.Module = stem.activation
        return Projection(
            weight=weight, bias=bias, stride=(2, 2), padding=(3, 3, 3, 3), activation=activation
        )
