"""Source, intermediate and target modalities of a trained run: tokens, features and distances."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.alignment import otdd
from isthmus.backbones.loading import default_source
from isthmus.errors import InputError
from isthmus.methods.pseudo_labels import pseudo_labels
from isthmus.mixing import curriculum, replace_patches, top_k
from isthmus.model import CrossModalNet
from isthmus.seeding import numpy_generator, torch_generator
from isthmus.sources import load_source
from isthmus.tasks import Split
from isthmus.training import Run

SAMPLES = 120
"""Number of target samples to look at."""

MOMENTS = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Moments of training at which the intermediate modality is looked at, as fractions of it."""

DISTANCE_POINTS = 9
"""Number of values of k at which distances are measured."""

HALVES = 8
"""Number of random halves of the samples that the errors of distances are estimated from."""


@dataclass(frozen=True, eq=False)
class IntermediateModalities:
    """Target and source samples as a run's network sees them, and the modalities between them.

    N samples, L tokens of width D.

    Attributes:
        net: Trained network.
        x: Target samples, [N, C, ...].
        y: Targets of the samples, [N, ...].
        classes: Class number of each target sample, [N].
        source_x: As many raw source samples, [N, ...].
        source_y: Class number of each source sample, [N].
        target: Tokens of the target samples, [N, L, D].
        source: Tokens of the source samples, [N, L, D].
        target_scores: Scores of the target tokens, [N, L]; those with the lowest are replaced. They are the
            gate's, or random where the method has taught the gate nothing.
        source_scores: Scores of the source tokens, [N, L]; those with the highest replace target tokens.
        fractions: Replaced fraction k / L at each of the moments of training; empty where the method replaces
            no tokens along a curriculum.
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
    def token_count(self) -> int:
        """Number of tokens of a sample, L."""
        return self.target.shape[1]

    def k(self, fraction: float) -> int:
        """Return the number of tokens that are a fraction of all."""
        return int(fraction * self.token_count + 0.5)  # as the mixers round

    def replaced_tokens(self, k: int) -> Tensor:
        """Return which target tokens are replaced: bool [N, L], k of them true in each row."""
        return top_k(-self.target_scores, k).mask.bool()

    def replacing_tokens(self, k: int) -> Tensor:
        """Return the positions of the source tokens that replace them, in the same order: [N, k]."""
        return top_k(self.source_scores, k).indices

    def mixed_tokens(self, k: int) -> Tensor:
        """Return the tokens of the intermediate modality with k replaced tokens: [N, L, D]."""
        return replace_patches(self.target, self.source, self.target_scores, self.source_scores, k)

    def features(self, tokens: Tensor) -> Tensor:
        """Compute pooled features [N, F] of tokens [N, L, D]."""
        with torch.inference_mode():
            return torch.cat([self.net.encode(part)[-1].mean(1) for part in torch.split(tokens, SAMPLES)])


@torch.no_grad()
def intermediate_modalities(run: Run, train: Split) -> IntermediateModalities:
    """Build the modalities between a run's source and its target from training samples.

    Args:
        run: Finished run.
        train: Training samples of the run's task; of more than `SAMPLES` some are chosen.

    Raises:
        InputError: If the run's method has no pretrained backbone to cross to.
    """
    net, config = run.net, run.config
    if not isinstance(net, CrossModalNet):
        raise InputError(
            f"'{run.folder}' is a run of {config.method['name']}, which crosses no bridge; give one of a"
            " method with a backbone, such as pare or nft",
            key="method",
        )
    rng = numpy_generator(config.seed, "bridge")
    index = np.sort(rng.permutation(len(train))[:SAMPLES])
    samples = train.take(index)
    x = torch.from_numpy(np.asarray(samples.x))
    name = str(config.model.source or default_source(net.backbone, net.spec.output_size))
    source_set = load_source(name, net.backbone.modality)
    source_index = rng.integers(len(source_set), size=len(index))
    source_x = source_set.take(source_index)
    target, source = net.embed_target(x), net.embed_source(source_x)
    target_scores, source_scores = _scores(net, (target, source), config.method, config.seed)
    options = dict(config.method)
    fractions = {}
    if "curriculum" in options:
        fraction_at = curriculum(*(options[key] for key in ("curriculum", "start", "end")))
        fractions = {name: fraction_at(moment) for name, moment in MOMENTS.items()}
    return IntermediateModalities(
        net=net,
        x=x,
        y=np.asarray(samples.y),
        classes=torch.from_numpy(pseudo_labels(samples.y, net.spec.output_channels, config.seed)),
        source_x=source_x,
        source_y=torch.from_numpy(pseudo_labels(source_set.y[source_index], 1, config.seed)),
        target=target,
        source=source,
        target_scores=target_scores,
        source_scores=source_scores,
        fractions=fractions,
    )


def modality_features(modalities: IntermediateModalities) -> dict[str, np.ndarray]:
    """Compute pooled features [N, F] of each modality: source, intermediate for each fraction, target."""
    fractions = [fraction for fraction in modalities.fractions.values() if modalities.k(fraction) > 0]
    tokens = {
        "source": modalities.source,
        **{f"k/L = {f:.2f}": modalities.mixed_tokens(modalities.k(f)) for f in fractions},
        "target": modalities.target,
    }
    return {name: modalities.features(part).numpy() for name, part in tokens.items()}


def measure_distances(modalities: IntermediateModalities) -> list[dict[str, float]]:
    """Measure the OTDD of pooled features from source to intermediate, and from intermediate to target.

    An intermediate sample has two labels, as in the loss: the source's when it is compared with the source,
    the target's when it is compared with the target. So the first distance is 0 at k = L and the second at
    k = 0. Distances are roots of the transport costs, in the units of the features. Their standard errors
    are the deviations over random halves of the samples (the delete-half jackknife).

    Returns:
        A row for each k, with the keys k, fraction, source_to_intermediate, intermediate_to_target, and the
        latter two with `_error` at their ends.
    """
    source, target = modalities.features(modalities.source), modalities.features(modalities.target)
    length, count = modalities.token_count, len(target)
    rng = numpy_generator(0, "halves")
    halves = [np.sort(rng.permutation(count)[: max(1, count // 2)]) for _ in range(HALVES)]
    rows = []
    for k in np.linspace(0, length, DISTANCE_POINTS).round().astype(int).tolist():
        mixed = modalities.features(modalities.mixed_tokens(k))
        row = {"k": k, "fraction": k / length}
        for name, near, far, labels in (
            ("source_to_intermediate", source, mixed, modalities.source_y),
            ("intermediate_to_target", mixed, target, modalities.classes),
        ):
            row[name] = _distance(near, far, labels)
            of_halves = [_distance(near[half], far[half], labels[half]) for half in halves]
            row[f"{name}_error"] = float(np.std(of_halves, ddof=1))
        rows.append(row)
    return rows


def _distance(near: Tensor, far: Tensor, labels: Tensor) -> float:
    """Compute the root of the OTDD between two sets of features [N, F] with the same labels [N]."""
    return math.sqrt(max(0.0, float(otdd(near, labels, far, labels))))


def _scores(net: CrossModalNet, tokens: Sequence[Tensor], method: dict[str, Any], seed: int) -> list[Tensor]:
    """Score tokens [N, L, D] with the gate, or at random where the method does not use it: [N, L] each."""
    if method.get("mixer") == "gate":
        return [net.gate(part) for part in tokens]
    generator = torch_generator(seed, "bridge")
    return [torch.rand(part.shape[:2], generator=generator) for part in tokens]
