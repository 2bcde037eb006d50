"""Perceiver IO over raw positions, of any shape to any shape."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PerceiverConfig, PerceiverModel
from transformers.models.perceiver.modeling_perceiver import (
    PerceiverBasicDecoder,
    build_linear_positions,
    generate_fourier_features,
)

from isthmus.baselines.specialist import Specialist
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.model.base import Spec
from isthmus.tasks import Output

BANDS = 32
"""Frequencies of the position features, on each axis"""

LAYERS = 3
"""Of self-attention in a block"""

HEADS = 4
"""Of all attention but the decoder's, which has one"""


@methods.register("perceiver")
class PerceiverMethod(Specialist):
    """Perceiver IO (Jaegle et al., ICLR 2022) with the settings of NAS-Bench-360: its row in PaRe's Table 1.

    Every position is a token: its channels, and Fourier features of where it is. `latents` vectors attend to
    the tokens, then to themselves in `blocks` blocks of three layers that share their weights. A learnt query
    reads a vector from them; the channels of a dense output are read by the features of each position.

    What differs: the tokens are attended to once, as in the paper, not before every block; a dense output is
    read by position (published: all values by one query); an input of more than `tokens` positions is cut
    into the smallest patches that leave no more, and so is the output: 512 x 512 is read as 128 x 128 tokens
    of 4 x 4. Optimiser and epochs are the run's (published: AdamW, 1e-3, weight decay 0.01, 200 epochs).

    Args:
        latents: how many (published: 32).
        width: their channels, a multiple of 4 heads (published: 128).
        blocks: how often the block is applied (published: 3).
        tokens: of the input, and queries of the output, at most.
    """

    requirement = "everything"

    def __init__(self, *, latents: int = 32, width: int = 128, blocks: int = 3, tokens: int = 16384) -> None:
        for name, value in (("latents", latents), ("width", width), ("blocks", blocks), ("tokens", tokens)):
            if value < 1:
                raise InputError(f"perceiver's {name} is {value}; it is 1 or more")
        if width % HEADS:
            raise InputError(f"perceiver's width is {width}; it is a multiple of its {HEADS} heads")
        self.latents, self.width, self.blocks, self.tokens = latents, width, blocks, tokens

    def supports(self, spec: Spec) -> bool:
        """Every task."""
        return True

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, *positions] -> [B, C', *size]"""
        channels, *positions = spec.input_shape
        patch = smallest_patch(tuple(positions), self.tokens)
        places = fourier_features(tuple(positions), patch)
        encoder = PerceiverModel(
            PerceiverConfig(
                num_latents=self.latents,
                d_latents=self.width,
                d_model=channels * patch ** len(positions) + places.shape[-1],
                num_blocks=self.blocks,
                num_self_attends_per_block=LAYERS,
                num_self_attention_heads=HEADS,
                num_cross_attention_heads=HEADS,
                cross_attention_shape_for_attention="q",
                attention_probs_dropout_prob=0.0,
                # the paper's; from transformers' 0.02 attention stays uniform for hundreds of steps
                initializer_range=self.width**-0.5,
            )
        )
        return Perceiver(encoder, places, patch, spec.output, smallest_patch(spec.output_size, self.tokens))


class Perceiver(nn.Module):
    """[B, C, *positions] -> [B, C', *size]

    Args:
        encoder: tokens [B, N, D] to latents.
        places: features [1, N, P] of where the tokens are.
        patch: positions on each axis that are a token.
        output: one vector, or channels by position.
        output_patch: positions on each axis that a query reads.
    """

    queries: Tensor
    places: Tensor

    def __init__(
        self, encoder: PerceiverModel, places: Tensor, patch: int, output: Output, output_patch: int
    ) -> None:
        super().__init__()
        self.encoder, self.patch, self.output, self.output_patch = encoder, patch, output, output_patch
        self.register_buffer("places", places, persistent=False)
        width = encoder.config.d_latents
        if output.size:
            self.register_buffer("queries", fourier_features(output.size, output_patch), persistent=False)
        else:
            self.queries = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.decoder = PerceiverBasicDecoder(
            encoder.config,
            output_num_channels=output.channels * output_patch ** len(output.size),
            position_encoding_type="none",
            num_channels=self.queries.shape[-1],
            qk_channels=width,
            num_heads=1,
            use_query_residual=True,
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, *positions] -> [B, C', *size]"""
        content = cut(x, self.patch)
        tokens = torch.cat([content, self.places.expand(len(x), -1, -1)], -1)
        latents = self.encoder(inputs=tokens).last_hidden_state
        values: Tensor = self.decoder(self.queries, latents).logits  # [B, queries, C' * patch]
        return joined(values, self.output, self.output_patch) if self.output.size else values[:, 0]


def smallest_patch(size: tuple[int, ...], most: int) -> int:
    """The smallest side of square patches of which no more than `most` cover `size`."""
    patch = 1
    while math.prod(math.ceil(n / patch) for n in size) > most:
        patch += 1
    return patch


def fourier_features(size: tuple[int, ...], patch: int) -> Tensor:
    """Where each patch is (section 3.2 and appendix D): [1, N, d (2 x bands + 1)].

    Its d coordinates in [-1, 1], and sines and cosines of each, up to the Nyquist frequency of the patches.
    """
    grid = [math.ceil(n / patch) for n in size]
    positions = build_linear_positions(grid).flatten(0, -2)[None]
    features: Tensor = generate_fourier_features(positions, BANDS, max_resolution=tuple(grid))
    return features


def cut(x: Tensor, patch: int) -> Tensor:
    """[B, C, *positions] -> [B, N, C * patch^d]: patches as tokens, zeros beyond the end."""
    d = x.dim() - 2
    x = F.pad(x, [end for n in reversed(x.shape[2:]) for end in (0, -n % patch)])
    for axis in range(d):
        x = x.unflatten(2 + 2 * axis, (-1, patch))  # [B, C, n, patch, n, patch]
    x = x.permute(0, *range(2, 2 * d + 2, 2), 1, *range(3, 2 * d + 2, 2))
    return x.flatten(1, d).flatten(2)


def joined(values: Tensor, output: Output, patch: int) -> Tensor:
    """[B, N, C' * patch^d] -> [B, C', *size]: the inverse of `cut`."""
    d = len(output.size)
    grid = [math.ceil(n / patch) for n in output.size]
    x = values.unflatten(2, (output.channels, *[patch] * d)).unflatten(1, grid)
    x = x.permute(0, d + 1, *[axis for i in range(d) for axis in (1 + i, d + 2 + i)])
    for axis, length in enumerate(output.size, start=2):
        x = x.flatten(axis, axis + 1).narrow(axis, 0, length)
    return x
