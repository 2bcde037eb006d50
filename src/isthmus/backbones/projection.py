"""What a target embedder starts from: how a backbone makes tokens of its own modality."""

from dataclasses import dataclass

from torch import Tensor, nn

from isthmus.errors import InputError


@dataclass(frozen=True)
class Norm:
    """A layer norm over the token width D: scale [D], shift [D]."""

    weight: Tensor
    bias: Tensor
    eps: float


@dataclass(frozen=True)
class Projection:
    """A backbone's own embedding, as data: norm(convolve(x) + positions) + positions_after_norm.

    The tensors are the backbone's own, not copies; what is None is left out. Swin: norm(convolve(x)), and
    + positions_after_norm if it has absolute embeddings; ViT, DeiT, DINOv2: convolve(x) + positions;
    BERT, RoBERTa: norm(word + positions).

    Attributes:
        weight: kernel [D, C, kh, kw] of the convolution, its stride the kernel's size; None for text.
        bias: of the convolution, [D].
        positions: added to the tokens, [max_tokens, D]; for text with the embedding of token type 0.
        norm: layer norm.
        positions_after_norm: added last, [max_tokens, D].
    """

    weight: Tensor | None = None
    bias: Tensor | None = None
    positions: Tensor | None = None
    norm: Norm | None = None
    positions_after_norm: Tensor | None = None

    def finish(self, length: int) -> "Finish":
        """What comes after the convolution, for `length` tokens, as a module with parameters of its own.

        Raises:
            InputError: if there are positions, but fewer than `length`.
        """
        return Finish(_first(self.positions, length), self.norm, _first(self.positions_after_norm, length))


class Finish(nn.Module):
    """Positions and norm, each or none: [B, L, D] -> [B, L, D]. Starts as a copy of the backbone's."""

    def __init__(self, positions: Tensor | None, norm: Norm | None, late: Tensor | None) -> None:
        super().__init__()
        self.positions = None if positions is None else nn.Parameter(positions.clone())
        self.norm = None if norm is None else _layer_norm(norm)
        self.positions_after_norm = None if late is None else nn.Parameter(late.clone())

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, L, D] -> [B, L, D]"""
        if self.positions is not None:
            tokens = tokens + self.positions
        if self.norm is not None:
            tokens = self.norm(tokens)
        if self.positions_after_norm is not None:
            tokens = tokens + self.positions_after_norm
        return tokens


def _first(positions: Tensor | None, length: int) -> Tensor | None:
    if positions is None:
        return None
    if length > len(positions):
        raise InputError(f"{length} tokens are more than the backbone's {len(positions)} positions")
    return positions[:length]


def _layer_norm(norm: Norm) -> nn.LayerNorm:
    module = nn.LayerNorm(len(norm.weight), eps=norm.eps, device=norm.weight.device)
    module.load_state_dict({"weight": norm.weight, "bias": norm.bias})
    return module
