"""The bridge between two modalities, looked at: tokens and features of a trained run at several k."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.errors import InputError
from isthmus.methods.pseudo_labels import pseudo_labels
from isthmus.mixing import curriculum, replace_patches, top_k
from isthmus.model import CrossModalNet
from isthmus.seeding import numpy_generator, torch_generator
from isthmus.sources import load_source
from isthmus.tasks import Task
from isthmus.training import Run

SAMPLES = 120
MOMENTS = {"start": 0.0, "middle": 0.5, "end": 1.0}  # of training
USUAL = ("linear", 0.6, 0.0)  # curriculum to look along where a method has none


@dataclass(frozen=True, eq=False)
class Bridge:
    """What a run's network makes of target samples, source samples and what lies between. L tokens, width D.

    Attributes:
        net: the trained network.
        x: target samples [N, C, ...].
        y, classes: their targets [N, ...], and a class number for each [N].
        source_x, source_y: as many raw source samples, and a class number for each [N].
        target, source: tokens of both, [N, L, D].
        target_scores, source_scores: what decides which tokens are replaced by which, [N, L]: the gate's
            scores, or chance where the method has taught the gate nothing.
        fractions: k / L to look at, by when in training it is reached.
    """

    net: CrossModalNet
    x: Tensor
    y: np.ndarray
    classes: Tensor
    source_x: Any
    source_y: Tensor
    target: Tensor
    source: Tensor
    target_scores: Tensor
    source_scores: Tensor
    fractions: dict[str, float]

    @property
    def tokens(self) -> int:
        """L"""
        return self.target.shape[1]

    def k(self, fraction: float) -> int:
        """How many tokens a fraction is."""
        return int(fraction * self.tokens + 0.5)  # as the mixers round

    def freed(self, k: int) -> Tensor:
        """Which target tokens are replaced: [N, L], true or false."""
        return top_k(-self.target_scores, k).mask.bool()

    def taken(self, k: int) -> Tensor:
        """The positions of the source tokens that come in their places: [N, k]."""
        return top_k(self.source_scores, k).indices

    def mixed(self, k: int) -> Tensor:
        """The intermediate modality: tokens [N, L, D]."""
        return replace_patches(self.target, self.source, self.target_scores, self.source_scores, k)

    def features(self, tokens: Tensor) -> Tensor:
        """Pooled features [N, F] of tokens [N, L, D]."""
        with torch.inference_mode():
            return torch.cat([self.net.encode(part).mean(1) for part in tokens.split(SAMPLES)])


@torch.no_grad()
def cross(run: Run, task: Task) -> Bridge:
    """Walk over the bridge of a finished run, with training samples of its task.

    A method that does not mix is looked at along the usual curriculum.
    """
    net, config = run.net, run.config
    if not isinstance(net, CrossModalNet):
        raise InputError(
            f"'{run.folder}' is a run of {config.method['name']}, which crosses no bridge; give one of a"
            " method with a backbone, such as pare or nft"
        )
    rng = numpy_generator(config.seed, "bridge")
    index = np.sort(rng.permutation(len(task.train))[:SAMPLES])
    part = task.train.take(index)
    x = torch.from_numpy(np.asarray(part.x))
    samples = load_source(config.source_for(net.backbone.modality) or "", net.backbone.modality)
    chosen = rng.integers(len(samples), size=len(index))
    source_x = samples.take(chosen)
    target, source = net.embed_target(x), net.embed_source(source_x)
    scores = _scores(net, (target, source), config.method, config.seed)
    options = dict(config.method)
    shape = [options[key] for key in ("curriculum", "start", "end")] if "curriculum" in options else USUAL
    fraction_at = curriculum(*shape)
    return Bridge(
        net=net,
        x=x,
        y=np.asarray(part.y),
        classes=torch.from_numpy(pseudo_labels(part.y, net.spec.output_channels, config.seed)),
        source_x=source_x,
        source_y=torch.from_numpy(pseudo_labels(samples.y[chosen], 1, config.seed)),
        target=target,
        source=source,
        target_scores=scores[0],
        source_scores=scores[1],
        fractions={when: fraction_at(moment) for when, moment in MOMENTS.items()},
    )


def _scores(net: CrossModalNet, tokens: Sequence[Tensor], method: dict[str, Any], seed: int) -> list[Tensor]:
    """[N, L] for each of the token tensors [N, L, D]."""
    if method.get("mixer") == "gate":
        return [net.gate(part) for part in tokens]
    generator = torch_generator(seed, "bridge")
    return [torch.rand(part.shape[:2], generator=generator) for part in tokens]
