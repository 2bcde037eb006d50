"""The ConvNeXt family: convolutional networks built like Swin."""

from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import ConvNextConfig, ConvNextModel
from transformers.modeling_outputs import BaseModelOutput

from isthmus.backbones.backbone import families
from isthmus.backbones.convolutional import ConvolutionalBackbone
from isthmus.backbones.projection import Projection


class ConvNextEncoderModel(ConvNextModel):  # type: ignore[no-untyped-call]
    """ConvNeXt without the norm that only its pooled features pass through."""

    def __init__(self, config: ConvNextConfig) -> None:
        super().__init__(config)
        del self.layernorm

    def forward(self, pixel_values: Tensor, **kwargs: Any) -> BaseModelOutput:
        """Compute features [B, F, H', W'] of normalised pixels [B, 3, H, W]."""
        return BaseModelOutput(
            last_hidden_state=self.encoder(self.embeddings(pixel_values)).last_hidden_state
        )


@families.register("convnext")
class ConvNextBackbone(ConvolutionalBackbone):
    """ConvNeXt (Liu et al., CVPR 2022). Tokens are patches of 4 x 4 pixels after a norm."""

    family = "convnext"
    references = ("Z. Liu et al. (2022), A ConvNet for the 2020s, CVPR",)
    model_class: ClassVar[Any] = ConvNextEncoderModel

    def blocks(self) -> list[nn.Module]:
        """Return the stages."""
        return list(self.model.encoder.stages)

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
