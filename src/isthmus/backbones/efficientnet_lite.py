"""The EfficientNet-Lite family: inverted residual blocks without squeeze-and-excitation."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForImageClassification,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_outputs import BaseModelOutput, ImageClassifierOutput

from isthmus.backbones.backbone import families
from isthmus.backbones.convolutional import ConvolutionalBackbone, fold_norm
from isthmus.backbones.projection import Projection

STAGE_REPEATS = (1, 2, 2, 3, 3, 4, 1)


class EfficientNetLiteConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """Architecture of EfficientNet-Lite0 by default.

    Args:
        image_size: Height and width of the pictures.
        num_channels: Colours.
        stem_width: Channels of the stem.
        widths: Channels at the end of each stage.
        repeats: Blocks of each stage.
        strides: Stride of the first block of each stage.
        kernels: Kernel of the depthwise convolutions of each stage.
        expansions: Factor by which the blocks of each stage widen inside.
        head_width: Channels of the last features.
        classes: Classes of the classifier.
        norm_eps: Epsilon of the batch norms.
        norm_momentum: Momentum of the batch norms.
    """

    model_type = "efficientnet_lite"

    def __init__(
        self,
        image_size: int = 224,
        num_channels: int = 3,
        stem_width: int = 32,
        widths: tuple[int, ...] = (16, 24, 40, 80, 112, 192, 320),
        repeats: tuple[int, ...] = STAGE_REPEATS,
        strides: tuple[int, ...] = (1, 2, 2, 2, 1, 2, 1),
        kernels: tuple[int, ...] = (3, 3, 5, 3, 5, 5, 3),
        expansions: tuple[int, ...] = (1, 6, 6, 6, 6, 6, 6),
        head_width: int = 1280,
        classes: int = 1000,
        norm_eps: float = 1e-3,
        norm_momentum: float = 0.01,
        **kwargs: Any,
    ) -> None:
        self.image_size, self.num_channels = image_size, num_channels
        self.stem_width, self.head_width, self.classes = stem_width, head_width, classes
        self.widths, self.repeats, self.strides = list(widths), list(repeats), list(strides)
        self.kernels, self.expansions = list(kernels), list(expansions)
        self.norm_eps, self.norm_momentum = norm_eps, norm_momentum
        super().__init__(**kwargs)


class SameConvolution(nn.Conv2d):
    """A convolution whose output has ceil(size / stride) points, as TensorFlow's padding "same" makes it."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve [B, C, H, W]."""
        return super().forward(F.pad(x, same_padding(x.shape[2:], self.kernel_size, self.stride)))


def same_padding(
    size: tuple[int, ...] | torch.Size, kernel: tuple[int, ...], stride: tuple[int, ...]
) -> list[int]:
    """Return the padding, as F.pad takes it, with which a convolution gives ceil(size / stride) points.

    Half of it comes before the input; of an odd number, the larger half comes behind it.
    """
    edges = []
    for length, width, step in zip(reversed(size), reversed(kernel), reversed(stride), strict=True):
        missing = max(0, (-(-length // step) - 1) * step + width - length)
        edges += [missing // 2, missing - missing // 2]
    return edges


class ConvolutionNorm(nn.Module):
    """A convolution without bias, a batch norm, and ReLU6 where `activated`."""

    def __init__(
        self,
        config: EfficientNetLiteConfig,
        channels: tuple[int, int],
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        activated: bool = True,
    ) -> None:
        super().__init__()
        self.convolution = SameConvolution(*channels, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(channels[1], eps=config.norm_eps, momentum=config.norm_momentum)
        self.activation = nn.ReLU6() if activated else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C', H', W']."""
        y: Tensor = self.activation(self.norm(self.convolution(x)))
        return y


class InvertedResidual(nn.Module):
    """Widen, convolve each channel, narrow; the input is added where it has the output's shape."""

    def __init__(
        self,
        config: EfficientNetLiteConfig,
        channels: tuple[int, int],
        kernel: int,
        stride: int,
        expansion: int,
    ) -> None:
        super().__init__()
        inside = channels[0] * expansion
        widen = [ConvolutionNorm(config, (channels[0], inside), 1)] if expansion > 1 else []
        self.layers = nn.Sequential(
            *widen,
            ConvolutionNorm(config, (inside, inside), kernel, stride, groups=inside),
            ConvolutionNorm(config, (inside, channels[1]), 1, activated=False),
        )
        self.adds = stride == 1 and channels[0] == channels[1]

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C', H', W']."""
        y: Tensor = self.layers(x)
        return x + y if self.adds else y


class EfficientNetLiteModel(PreTrainedModel):  # type: ignore[no-untyped-call]
    """EfficientNet-Lite without its classifier (Tan and Le, ICML 2019; the Lite variant, Google, 2020)."""

    config_class = EfficientNetLiteConfig
    base_model_prefix = "efficientnet_lite"
    main_input_name = "pixel_values"

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__(config)
        self.embeddings = ConvolutionNorm(config, (config.num_channels, config.stem_width), 3, 2)
        stages, width = [], config.stem_width
        plan = (config.widths, config.repeats, config.strides, config.kernels, config.expansions)
        for after, repeats, stride, kernel, expansion in zip(*plan, strict=True):
            blocks = []
            for number in range(repeats):
                step = stride if number == 0 else 1
                blocks.append(InvertedResidual(config, (width, after), kernel, step, expansion))
                width = after
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)
        self.head = ConvolutionNorm(config, (width, config.head_width), 1)
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(self, pixel_values: Tensor, **kwargs: Any) -> BaseModelOutput:
        """Compute features [B, head_width, H / 32, W / 32] of normalised pixels [B, 3, H, W]."""
        x = self.embeddings(pixel_values)
        for stage in self.stages:
            x = stage(x)
        return BaseModelOutput(last_hidden_state=self.head(x))

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Draw weights as the authors do: normal, with the variance of 2 / fan-out."""
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
            module.reset_running_stats()


class EfficientNetLiteForImageClassification(PreTrainedModel):  # type: ignore[no-untyped-call]
    """EfficientNet-Lite with its classifier: the mean over the positions, and a linear layer."""

    config_class = EfficientNetLiteConfig
    base_model_prefix = "efficientnet_lite"
    main_input_name = "pixel_values"

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__(config)
        self.efficientnet_lite = EfficientNetLiteModel(config)
        self.classifier = nn.Linear(config.head_width, config.classes)
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(self, pixel_values: Tensor, **kwargs: Any) -> ImageClassifierOutput:
        """Compute class logits of normalised pixels [B, 3, H, W]."""
        features = self.efficientnet_lite(pixel_values).last_hidden_state
        return ImageClassifierOutput(logits=self.classifier(features.mean((2, 3))))

    def _init_weights(self, module: nn.Module) -> None:
        """Leave the parts as they draw themselves."""


AutoConfig.register("efficientnet_lite", EfficientNetLiteConfig, exist_ok=True)
AutoModel.register(EfficientNetLiteConfig, EfficientNetLiteModel, exist_ok=True)
AutoModelForImageClassification.register(
    EfficientNetLiteConfig, EfficientNetLiteForImageClassification, exist_ok=True
)


@families.register("efficientnet_lite")
class EfficientNetLiteBackbone(ConvolutionalBackbone):
    """EfficientNet-Lite: tokens are the stem's map of half the picture's size; seven stages and the head.

    Reference: Tan and Le, ICML 2019; the Lite variant has no squeeze-and-excitation, and ReLU6.
    """

    family = "efficientnet_lite"
    references = (
        "M. Tan, Q. V. Le (2019), EfficientNet: rethinking model scaling for convolutional neural "
        "networks, ICML",
    )
    pools_by_mean = True
    model_class: ClassVar[Any] = EfficientNetLiteModel
    default_mean = (127 / 255,) * 3
    default_std = (128 / 255,) * 3

    def blocks(self) -> list[nn.Module]:
        """Return the inverted residual blocks, and the head."""
        return [*(block for stage in self.model.stages for block in stage), self.model.head]

    def stages_of(self, x: Tensor) -> list[Tensor]:
        """Compute the maps at the end of the seven stages, and the head's."""
        maps = []
        for stage in self.model.stages:
            x = stage(x)
            maps.append(x)
        return [*maps, self.model.head(x)]

    def patch_projection(self) -> Projection:
        """Return ReLU6(norm(convolve(x))), the norm folded into the convolution."""
        stem = self.model.embeddings
        weight, bias = fold_norm(stem.convolution, stem.norm)
        left, right, above, below = same_padding(self.image_size, weight.shape[2:], (2, 2))
        return Projection(
            weight=weight,
            bias=bias,
            stride=(2, 2),
            padding=(left, right, above, below),
            activation=stem.activation,
        )
