"""Metrics of tasks of NAS-Bench-360 alone: over points, clips or pairs, or in the units of a solution."""

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.functional.classification import binary_auroc, multilabel_average_precision
from torchmetrics.utilities import dim_zero_cat

from isthmus.tasks.metric_names import metrics
from isthmus.tasks.metrics import RelativeL2, SampleMean, as_scores
from isthmus.tasks.nasbench360.darcy import decoded

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
        self.scores.append(self.score(preds[mask >= 0]))
        self.hits.append(mask[mask >= 0].to(torch.uint8))

    def compute(self) -> Tensor:
        """Return the error over all points so far."""
        hits = dim_zero_cat(self.hits).long()
        return 1 - binary_auroc(dim_zero_cat(self.scores), hits, validate_args=False)

    def score(self, logits: Tensor) -> Tensor:
        """Return the scores by which points are ordered."""
        return as_scores(logits)


@metrics.register("1-auroc-seen-reference")
class OneMinusAUROCOfDecisions(OneMinusAUROCSeen):
    """The same of decisions (logit above 0): 1 - balanced accuracy, which is what PaRe's code measures."""

    def score(self, logits: Tensor) -> Tensor:
        """Return 1 for logits above 0, else 0."""
        return (logits > 0).float()


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
        far = torch.ones(target.shape[-2:], dtype=torch.bool, device=target.device).triu(APART)
        for predicted, distance in zip(preds, target, strict=True):
            contact = far & (distance <= NEAR)
            if contact.any():
                self.total += (predicted - distance)[contact].abs().mean()
                self.count += 1

    def symmetric(self, preds: Tensor) -> Tensor:
        """Return a map whose entries above the diagonal are the predictions of pairs."""
        return ((preds + preds.mT) / 2).clamp(min=LEAST)


@metrics.register("contact-mae-reference")
class ContactMAEReference(ContactMAE):
    """The same as in PaRe's code: the mean is taken twice, so that one of the entries counts three times."""

    def symmetric(self, preds: Tensor) -> Tensor:
        """Return a map whose entries above the diagonal are averaged with those below a second time."""
        once = ((preds + preds.mT) / 2).clamp(min=LEAST)
        return (once + preds.mT.clamp(min=LEAST)) / 2


@metrics.register("decoded-relative-l2")
class DecodedRelativeL2(RelativeL2):
    """Mean over samples of |decoded output - solution| / |solution|."""

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add outputs [B, 1, H, W] and y [B, 3, H, W]."""
        super().update(decoded(preds, target), decoded(target[:, :1], target))
