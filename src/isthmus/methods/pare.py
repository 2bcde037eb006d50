"""PaRe: cross gradually, through intermediate modalities (Cai et al., ICML 2024)."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from isthmus.errors import InputError
from isthmus.methods.method import Batch, Loss, Method, Step, methods
from isthmus.mixing import curriculum, mixers
from isthmus.model import CrossModalNet


@methods.register("pare")
class PaRe(Method):
    """Patch replacement along a curriculum (PaRe, section 3).

    With lambda = k / L the share of source tokens, and labels never mixed into one space:

        L_mix = (1 - lambda) L_tar(h_t(g(mixed)), y_t) + lambda L_src(h_s(g(mixed)), y_s)
        L     = beta_1 L_tar(h_t(g(f_t(x_t))), y_t) + beta_2 L_mix

    Args:
        mixer: what builds the intermediate modality: `gate`, or `random` as the plain comparison.
        curriculum: how the fraction k / L goes from `start` to `end`.
        start, end: the fraction at the first and at the last step.
        beta_1, beta_2: weights of the target's and of the mixture's loss.
        explore: the first part of training, in which the gate draws (Gumbel top-k) and learns; after
            it the gate stays as it is and chooses plainly (published: 10 of 60 epochs).
    """

    mixes = True

    def __init__(
        self,
        *,
        mixer: str = "gate",
        curriculum: str = "linear",
        start: float = 0.6,
        end: float = 0.0,
        beta_1: float = 1.0,
        beta_2: float = 0.3,
        explore: float = 0.5,
    ) -> None:
        for name, value in (("beta_1", beta_1), ("beta_2", beta_2)):
            if value < 0:
                raise InputError(f"pare's {name} is {value}; a loss weight is 0 or more")
        if not 0 <= explore <= 1:
            raise InputError(f"pare's explore is {explore}; a part of training lies in [0, 1]")
        self.mixer = mixers[mixer]
        self.fraction = _curriculum(curriculum, start, end)
        self.beta_1, self.beta_2, self.explore = beta_1, beta_2, explore

    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Target batch and mixed batch go through the backbone in one pass."""
        assert batch.source_y is not None
        target, source = net.embed_target(batch.x), net.embed_source(batch.source_x)
        with torch.set_grad_enabled(progress < self.explore):
            target_scores, source_scores = net.score(target), net.score(source)
        mixed, share = self.mixer(
            target,
            source,
            self.fraction(progress),
            target_scores=target_scores,
            source_scores=source_scores,
            generator=generator,
        )
        of_target, of_mixed = net.encode(torch.cat([target, mixed])).chunk(2)
        output = net.predict_target(of_target)
        plain = loss(output, batch.y).mean()
        mixed_target = loss(net.predict_target(of_mixed), batch.y).mean()
        mixed_source = F.cross_entropy(net.predict_source(of_mixed), batch.source_y)
        mixture = (1 - share) * mixed_target + share * mixed_source
        total = self.beta_1 * plain + self.beta_2 * mixture
        logs: dict[str, float | Tensor] = {
            "loss": total,
            "loss_target": plain,
            "loss_mixed_target": mixed_target,
            "loss_mixed_source": mixed_source,
            "lambda": share,
            "k": round(share * target.shape[1]),
        }
        return Step(total, output, logs)


_curriculum = curriculum  # the option of that name hides the function
