"""The blocks of every family: most of its work, and less memory where they are computed again."""

import torch

from isthmus.training.blocks import recomputed


def test_blocks_hold_most_of_the_encoder_and_keep_less_when_computed_again(backbone):
    backbone.train()
    inside = {id(p) for block in backbone.blocks() for p in block.parameters()}
    sizes = {id(p): p.numel() for _, p in backbone.named_encoder_parameters()}
    assert sum(size for key, size in sizes.items() if key in inside) > 0.5 * sum(sizes.values())
    tokens = torch.randn(2, backbone.max_tokens, backbone.width, requires_grad=True)

    def kept() -> tuple[int, torch.Tensor]:
        found: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t: found.append(t.numel()) or t, lambda t: t):
            torch.manual_seed(0)
            output = backbone.encode(tokens)
        (gradient,) = torch.autograd.grad(output.square().sum(), tokens)
        return sum(found), gradient

    plain, expected = kept()
    with recomputed(backbone.blocks()):
        less, gradient = kept()
    assert less < plain
    torch.testing.assert_close(gradient, expected)
    assert kept()[0] == plain
