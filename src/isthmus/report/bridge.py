"""The bridge between two modalities, looked at: tokens and features of a trained run at several k."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.errors import InputError
from isthmus.mixing import count, curriculum, replace_patches, top_k
from isthmus.model import CrossModalNet
from isthmus.seeding import numpy_generator
from isthmus.sources import load_source
from isthmus.tasks import Task
from isthmus.training import Run

SAMPLES = 120
MOMENTS = (0.0, 0.5, 1.0)  # of training: start, middle, end


@dataclass(frozen=True)
class Bridge:
    """What a run's network makes of target samples, source samples and what lies between.

    Attributes:
        net: the trained network.
        x: target samples [N, C, ...], and their class numbers `y` [N] where they have one.
        source_x: as many raw source samples.
        fractions: k / L at the start, in the middle and at the end of training.
        freed: for each fraction, which target tokens are replaced: [N, L], true or false.
        taken: for each fraction, the positions [N, k] of the source tokens that come in their places.
        features: pooled features [N, F] of the source, of the mixture for each fraction, of the target.
    """

    net: CrossModalNet
    x: Tensor
    y: np.ndarray
    source_x: Any
    fractions: list[float]
    freed: list[Tensor]
    taken: list[Tensor]
    features: dict[str, np.ndarray]


@torch.no_grad()
def cross(run: Run, task: Task) -> Bridge:
    """Walk over the bridge of a finished run of a method that mixes, with training samples of its task.

    Raises:
        InputError: if the method does not mix.
    """
    net, config = run.net, run.config
    if "curriculum" not in config.method:
        raise InputError(f"'{config.method['name']}' does not mix, so there is no bridge to look at")
    rng = numpy_generator(config.seed, "bridge")
    index = np.sort(rng.permutation(len(task.train))[:SAMPLES])
    part = task.train.take(index)
    x = torch.from_numpy(part.x)
    source = load_source(config.source or "", net.backbone.modality)
    source_x = source.take(rng.integers(len(source.y), size=len(index)))
    options = dict(config.method)
    fraction_at = curriculum(options["curriculum"], options["start"], options["end"])
    fractions = [fraction_at(moment) for moment in MOMENTS]

    target, other = net.embed_target(x), net.embed_source(source_x)
    target_scores, source_scores = net.score(target), net.score(other)
    ks = [count(fraction, target.shape[1]) for fraction in fractions]
    mixtures = [replace_patches(target, other, target_scores, source_scores, k) for k in ks]
    names = ["source", *[f"k/L = {fraction:.2f}" for fraction in fractions if fraction > 0], "target"]
    tokens = [other, *[m for m, k in zip(mixtures, ks, strict=True) if k > 0], target]
    return Bridge(
        net=net,
        x=x,
        y=part.y,
        source_x=source_x,
        fractions=fractions,
        freed=[top_k(-target_scores, k).mask.bool() for k in ks],
        taken=[top_k(source_scores, k).index for k in ks],
        features={n: net.encode(t).mean(1).numpy() for n, t in zip(names, tokens, strict=True)},
    )
