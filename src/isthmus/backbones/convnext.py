"""The ConvNeXt family: convolutional networks built like Swin."""

from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import ConvNextModel

from isthmus.backbones.backbone import Projection, families
from isthmus.backbones.convolutional import ConvolutionalBackbone


@families.register("convnext")
class ConvNextBackbone(ConvolutionalBackbone):
    """ConvNeXt (Liu et al., CVPR 2022). Tokens are patches of 4 x 4 pixels after a norm."""

    family = "convnext"
    model_class: ClassVar[Any] = ConvNextModel
    stem_stride = 4

    def stages_of(self, x: Tensor) -> list[Tensor]:
        """Compute the maps at the end of the four stages."""
        maps = []
        for stage in self.model.encoder.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def patch_projection(self) -> Projection:
        """Return norm(convolve(x)), the norm as one over the channels of a token."""
        embeddings = self.model.embeddings
        convolution, norm = embeddings.patch_embeddings, embeddings.layernorm
        over_tokens = nn.LayerNorm(self.width, eps=norm.eps).to(norm.weight.device)
        over_tokens.load_state_dict({"weight": norm.weight, "bias": norm.bias})
        return Projection(
            weight=convolution.weight.detach(), bias=convolution.bias.detach(), norm=over_tokens
        )
