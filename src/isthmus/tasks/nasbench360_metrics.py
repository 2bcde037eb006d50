"""Metrics of tasks of NAS-Bench-360 alone: over points, clips or pairs, or in the units of a solution."""

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.functional.classification import binary_auroc, multilabel_average_precision
from torchmetrics.utilities import dim_zero_cat

from isthmus.tasks.metric_names import metrics
from isthmus.tasks.metrics import RelativeL2, SampleMean, as_scores
from isthmus.tasks.nasbench360.darcy import decoded
from isthmus.tasks.nasbench360.psicov import FARTHEST

NEAR, APART, LEAST = 8.0, 24, 0.01
"""Distance in angstrom up to which residues are in contact, least distance in sequence, least prediction"""


@metrics.register("1-auroc-seen")
class OneMinusAUROCSeen(Metric):
    """1 - area under the ROC curve over all points, of all pictures, that are not ignored."""

    higher_is_better = False
    full_state_update = False
    scores: list[Tensor]
    hits: list[Tensor]

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.add_state("scores", [], dist_reduce_fx="cat")
        self.add_state("hits", [], dist_reduce_fx="cat")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add logits [B, 1, H, W] and y [B, 2, H, W]."""
        mask = target[:, :1]
        self.scores.append(as_scores(preds[mask >= 0]))
        self.hits.append(mask[mask >= 0].to(torch.uint8))

    def compute(self) -> Tensor:
        """Return the error over all points so far."""
        hits = dim_zero_cat(self.hits).long()
        return 1 - binary_auroc(dim_zero_cat(self.scores), hits, validate_args=False)


@metrics.register("1-auroc-seen-reference")
class OneMinusAUROCOfDecisions(OneMinusAUROCSeen):
    """The same of decisions (logit above 0) as in PaRe's code: 1 - balanced accuracy.

    Ignored points count there: logits and mask are multiplied by 0, so that each is a true negative.
    """

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add logits [B, 1, H, W] and y [B, 2, H, W]."""
        seen = target[:, :1] >= 0
        self.scores.append(((preds > 0) & seen).float().flatten())
        self.hits.append((target[:, :1] > 0).to(torch.uint8).flatten())


@metrics.register("false-negative-rate-seen")
class FalseNegativeRateSeen(Metric):
    """Share of hit points, not ignored, whose logit is not above 0, as in NAS-Bench-360's own table."""

    higher_is_better = False
    full_state_update = False
    missed: Tensor
    hit: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.add_state("missed", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("hit", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add logits [B, 1, H, W] and y [B, 2, H, W]."""
        hit = target[:, :1] == 1
        self.hit += hit.sum()
        self.missed += (hit & (preds <= 0)).sum()

    def compute(self) -> Tensor:
        """Return the share over all points so far."""
        return self.missed / self.hit


@metrics.register("1-map-clips")
class OneMinusMAPOfClips(Metric):
    """1 - mean average precision over clips, where each label that occurs counts the same.

    The last column of y is the number of the clip that a sample is a chunk of; a clip's logits are the mean
    over its chunks. A sample with -1 there is a clip of its own.
    """

    higher_is_better = False
    full_state_update = False
    logits: list[Tensor]
    labels: list[Tensor]

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.add_state("logits", [], dist_reduce_fx="cat")
        self.add_state("labels", [], dist_reduce_fx="cat")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add logits [B, K] and y [B, K + 1]."""
        self.logits.append(preds.float())
        self.labels.append(target)

    def compute(self) -> Tensor:
        """Return the error over all clips so far; NaN if no label occurs."""
        logits, labels = dim_zero_cat(self.logits), dim_zero_cat(self.labels).long()
        clip = labels[:, -1]
        single = clip < 0
        clip = torch.where(single, clip.max() + 1 + single.cumsum(0), clip)
        _, number = torch.unique(clip, return_inverse=True)
        clips = int(number.max()) + 1
        chunks = torch.bincount(number, minlength=clips)
        summed = logits.new_zeros(clips, logits.shape[1]).index_add(0, number, logits)
        present = labels.new_zeros(clips, logits.shape[1]).index_copy(0, number, labels[:, :-1])
        scores, occurs = as_scores(summed / chunks[:, None]), present.any(0)
        if not occurs.any():
            return scores.new_tensor(float("nan"))
        precision: Tensor = multilabel_average_precision(
            scores[:, occurs], present[:, occurs], int(occurs.sum()), validate_args=False
        )
        return 1 - precision


@metrics.register("contact-mae")
class ContactMAE(SampleMean):
    """Mean absolute error of distances, in angstrom, over pairs in contact; the mean over proteins.

    Pairs in contact are at most 8 angstrom apart, and 24 residues or more apart in sequence. A pair's
    prediction is the mean of its two entries in the map, at least 0.01. A protein without such pairs is left
    out.
    """

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add outputs and targets, both [B, 1, H, W]."""
        preds, target = self.symmetric(preds.float()), target.float()
        pairs = torch.ones(target.shape[-2:], dtype=torch.bool, device=target.device).triu(APART)
        stop = self.end_of_residues(target)
        pairs[stop:], pairs[:, stop:] = False, False
        for predicted, distance in zip(preds, target, strict=True):
            contact = pairs & (distance <= NEAR)
            if contact.any():
                self.total += (predicted - distance)[contact].abs().mean()
                self.count += 1

    def symmetric(self, preds: Tensor) -> Tensor:
        """Return a map whose entries above the diagonal are the predictions of pairs."""
        return ((preds + preds.mT) / 2).clamp(min=LEAST)

    def end_of_residues(self, target: Tensor) -> int:
        """Return the row of targets [B, 1, H, W] before which all pairs lie that count."""
        return target.shape[-1]


@metrics.register("contact-mae-reference")
class ContactMAEReference(ContactMAE):
    """The same as in PaRe's code, with its two slips.

    The mean of a pair's two entries is taken twice, so that one of them counts three times. And every protein
    is cut to the length of the first one, since the lengths are looked up by the place in a batch of one.
    """

    end: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.add_state("end", torch.tensor(0), dist_reduce_fx="max")

    def symmetric(self, preds: Tensor) -> Tensor:
        """Return a map whose entries above the diagonal are averaged with those below a second time."""
        once = ((preds + preds.mT) / 2).clamp(min=LEAST)
        return (once + preds.mT.clamp(min=LEAST)) / 2

    def end_of_residues(self, target: Tensor) -> int:
        """Return the end of the first protein: on the diagonal, distances are at their most beyond it."""
        if not self.end:
            inside = (target[0, 0].diagonal() < FARTHEST).nonzero()
            self.end += int(inside.max()) + 1 if len(inside) else target.shape[-1]
        return int(self.end)


@metrics.register("decoded-relative-l2")
class DecodedRelativeL2(RelativeL2):
    """Mean over samples of |decoded output - solution| / |solution|."""

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add outputs [B, 1, H, W] and y [B, 3, H, W]."""
        super().update(decoded(preds, target), decoded(target[:, :1], target))
