"""A backbone's own embedding as data, from which a target embedder starts."""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Projection:
    """A backbone's own embedding, as data: norm(activation(convolve(x)) + positions) + positions_after_norm.

    Tensors and norm are the backbone's own, not copies; a part that the embedding does not have is None.
    Swin: norm(convolve(x)), and + positions_after_norm if it has absolute embeddings; ViT, DeiT, DINOv2:
    convolve(x) + positions; BERT, RoBERTa: norm(word + positions); EfficientNet-Lite, ResNet:
    activation(convolve(x)), with the batch norm in the convolution; ConvNeXt: norm(convolve(x)).

    Attributes:
        weight: Kernel [D, C, kh, kw] of the convolution; None for text.
        bias: Bias [D] of the convolution.
        stride: Stride of the convolution; None for the size of the kernel.
        padding: Zeros left, right, above and below a picture of native size; behind it, some may not be read.
        activation: Activation after the convolution.
        positions: Positions [max_tokens, D], added to the tokens; for text they include the embedding of
            token type 0.
        norm: Layer norm over the token width D.
        positions_after_norm: Positions [max_tokens, D], added last.
    """

    weight: Tensor | None = None
    bias: Tensor | None = None
    stride: tuple[int, int] | None = None
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    activation: nn.Module | None = None
    positions: Tensor | None = None
    norm: nn.LayerNorm | None = None
    positions_after_norm: Tensor | None = None
