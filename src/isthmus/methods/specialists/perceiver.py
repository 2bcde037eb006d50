"""Perceiver IO on raw positions, for inputs and outputs of any shape."""

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

from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.options import check_at_least
from isthmus.methods.specialists.specialist import Specialist
from isthmus.model.base import Spec
from isthmus.tasks import Output

BANDS = 32
"""Number of frequencies of the position features on each axis."""

LAYERS = 3
"""Self-attention layers in a block."""

HEADS = 4
"""Heads of all attention layers but the decoder's, which has one."""


@methods.register("perceiver")
class PerceiverMethod(Specialist):
    """Perceiver IO (Jaegle et al., ICLR 2022) with the settings of NAS-Bench-360: its row in PaRe's Table 1.

    Every position is a token: its channels, and Fourier features of its coordinates. `latents` vectors attend
    to the tokens, then to themselves in `blocks` blocks of three layers that share their weights. One learnt
    query reads the output vector from them; for a dense output the features of each position are a query.

    What differs: the latents attend to the tokens once, as in the paper, not before every block; a dense
    output is read by position (published: all values by one query); an input of more than `tokens` positions
    is cut into the smallest patches that leave no more, and so is the output: 512 x 512 is read as 128 x 128
    tokens of 4 x 4. Optimiser and epochs are the run's (published: AdamW, 1e-3, weight decay 0.01, 200
    epochs).

    Args:
        latents: Number of latent vectors (published: 32).
        width: Channels of a latent vector, a multiple of 4 heads (published: 128).
        blocks: Number of times that the block is applied (published: 3).
        tokens: Largest number of tokens of the input, and of queries of the output.
    """

    references = (
        "A. Jaegle et al. (2022), Perceiver IO: a general architecture for structured inputs and "
        "outputs, ICLR",
        "R. Tu et al. (2022), NAS-Bench-360: benchmarking neural architecture search on diverse "
        "tasks, NeurIPS",
    )
    libraries = ("transformers",)

    requirement = "everything"

    def __init__(self, *, latents: int = 32, width: int = 128, blocks: int = 3, tokens: int = 16384) -> None:
        check_at_least(1, "perceiver", latents=latents, width=width, blocks=blocks, tokens=tokens)
        if width % HEADS:
            raise InputError(
                f"perceiver's width is {width}; it is a multiple of its {HEADS} heads", key="method.width"
            )
        self.latents, self.width, self.blocks, self.tokens = latents, width, blocks, tokens

    def supports(self, spec: Spec) -> bool:
        """Return True, for every task."""
        return True

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the network: [B, C, *positions] -> [B, C', *size]."""
        channels, *positions = spec.input_shape
        patch = smallest_patch(tuple(positions), self.tokens)
        position_features = fourier_features(tuple(positions), patch)
        encoder = PerceiverModel(
            PerceiverConfig(
                num_latents=self.latents,
                d_latents=self.width,
                d_model=channels * patch ** len(positions) + position_features.shape[-1],
                num_blocks=self.blocks,
                num_self_attends_per_block=LAYERS,
                num_self_attention_heads=HEADS,
                num_cross_attention_heads=HEADS,
                cross_attention_shape_for_attention="q",
                attention_probs_dropout_prob=0.0,
                # As in the paper. With the 0.02 of transformers attention stays uniform for long.
                initializer_range=self.width**-0.5,
            )
        )
        return Perceiver(
            encoder, position_features, patch, spec.output, smallest_patch(spec.output_size, self.tokens)
        )


class Perceiver(nn.Module):
    """The network: [B, C, *positions] -> [B, C', *size].

    Args:
        encoder: Encoder from tokens [B, N, D] to latent vectors.
        position_features: Features [1, N, P] of the positions of the tokens.
        patch: Side of the patch that is one token.
        output: Shape of the output: one vector, or channels by position.
        output_patch: Side of the patch that one query reads.
    """

    queries: Tensor
    position_features: Tensor

    def __init__(
        self,
        encoder: PerceiverModel,
        position_features: Tensor,
        patch: int,
        output: Output,
        output_patch: int,
    ) -> None:
        super().__init__()
        self.encoder, self.patch, self.output, self.output_patch = encoder, patch, output, output_patch
        self.register_buffer("position_features", position_features, persistent=False)
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
        """Map [B, C, *positions] to [B, C', *size]."""
        content = cut_patches(x, self.patch)
        tokens = torch.cat([content, self.position_features.expand(len(x), -1, -1)], -1)
        latents = self.encoder(inputs=tokens).last_hidden_state
        values: Tensor = self.decoder(self.queries, latents).logits  # [B, queries, C' * patch]
        return join_patches(values, self.output, self.output_patch) if self.output.size else values[:, 0]


def smallest_patch(size: tuple[int, ...], max_count: int) -> int:
    """Return the smallest side of square patches of which no more than `max_count` cover `size`."""
    patch = 1
    while math.prod(math.ceil(n / patch) for n in size) > max_count:
        patch += 1
    return patch


def fourier_features(size: tuple[int, ...], patch: int) -> Tensor:
    """Compute position features of patches (section 3.2 and appendix D): [1, N, d (2 x bands + 1)].

    They are the d coordinates of each patch in [-1, 1], and sines and cosines of each coordinate, up to the
    Nyquist frequency of the patches.
    """
    grid = [math.ceil(n / patch) for n in size]
    positions = build_linear_positions(grid).flatten(0, -2)[None]  # type: ignore[no-untyped-call]
    features: Tensor = generate_fourier_features(  # type: ignore[no-untyped-call]
        positions, BANDS, max_resolution=tuple(grid)
    )
    return features


def cut_patches(x: Tensor, patch: int) -> Tensor:
    """Cut [B, C, *positions] into patches [B, N, C * patch^d], with zeros beyond the end."""
    d = x.dim() - 2
    x = F.pad(x, [end for n in reversed(x.shape[2:]) for end in (0, -n % patch)])
    for axis in range(d):
        x = torch.unflatten(x, 2 + 2 * axis, (-1, patch))  # [B, C, n, patch, n, patch]
    x = x.permute(0, *range(2, 2 * d + 2, 2), 1, *range(3, 2 * d + 2, 2))
    return x.flatten(1, d).flatten(2)


def join_patches(values: Tensor, output: Output, patch: int) -> Tensor:
    """Join patches [B, N, C' * patch^d] to [B, C', *size], the inverse of `cut_patches`."""
    d = len(output.size)
    grid = [math.ceil(n / patch) for n in output.size]
    x = torch.unflatten(torch.unflatten(values, 2, (output.channels, *[patch] * d)), 1, grid)
    x = x.permute(0, d + 1, *[axis for i in range(d) for axis in (1 + i, d + 2 + i)])
    for axis, length in enumerate(output.size, start=2):
        x = x.flatten(axis, axis + 1).narrow(axis, 0, length)
    return x
