"""Checks of the bridge: the gate, lambda, and the share of each term of the loss."""

from collections.abc import Iterator

import torch

from isthmus.doctor.finding import Patient, checks
from isthmus.model import CrossModalNet

UNDECIDED, SATURATED = 0.002, 0.02
"""Spread of a sample's scores below which tokens are alike, and entropy (of 1) below which all are certain"""
UNFINISHED, BARELY = 0.1, 0.05
"""Lambda at the end that is much, and greatest lambda that is little"""
HIGH, LOW = 0.6, 0.01
"""Share of the source in the loss that is high, and share of the mixture that is low"""


@checks.register("gate")
def gate(patient: Patient) -> Iterator[tuple[str, str]]:
    """See a gate that takes all tokens for alike, or is certain of all."""
    samples = patient.samples
    if patient.method.get("mixer") != "gate" or samples is None or not patient.result:
        return
    net = patient.run.net
    if not isinstance(net, CrossModalNet):
        return
    with torch.inference_mode():
        scores = net.gate(net.embed_target(torch.from_numpy(samples.x)))
    p = scores.double().clamp(1e-12, 1 - 1e-12)
    entropy = float((-(p * p.log2()) - (1 - p) * (1 - p).log2()).mean())
    spread = float(scores.std(1).mean())
    if entropy < SATURATED:
        yield (
            f"the gate is certain of every token (entropy {entropy:.2g} of 1): it can learn no more",
            "a lower lr for it (`lr_scale: {gate: 0.1}`), or a shorter `method.explore`",
        )
    elif spread < UNDECIDED:
        yield (
            f"the gate takes all tokens for alike (scores spread by {spread:.2g}): it chooses by chance",
            "a higher lr for it (`lr_scale: {gate: 10}`), or a longer `method.explore`",
        )


@checks.register("lambda")
def curriculum(patient: Patient) -> Iterator[tuple[str, str]]:
    """See a curriculum that does not arrive at the target, or hardly leaves it."""
    share, end = patient.column("lambda"), patient.method.get("end")
    if "curriculum" not in patient.method or not len(share):
        return
    if end is not None and end > UNFINISHED:
        yield (
            f"lambda ends at {end:.2g}: the crossing stops before the target is reached",
            "`method.end=0`",
        )
    if share.max() < BARELY:
        yield (
            f"lambda is {share.max():.2g} at most: hardly a token is replaced, as in plain fine-tuning",
            "a higher `method.start`, such as 0.6, or the method nft",
        )


@checks.register("loss-shares")
def loss_shares(patient: Patient) -> Iterator[tuple[str, str]]:
    """See a loss that is mostly the source's, or in which mixtures do not count."""
    names = ("beta_1", "beta_2", "target_weight", "source_weight")
    terms = ("lambda", "loss_target", "loss_mixed_target", "loss_mixed_source")
    if not all(name in patient.method for name in names) or not len(patient.column(terms[-1])):
        return
    beta_1, beta_2, of_target, of_source = (float(patient.method[name]) for name in names)
    share, plain, target, source = map(patient.column, terms)
    target, source = beta_2 * (1 - share) * of_target * target, beta_2 * share * of_source * source
    total = (beta_1 * plain + target + source).sum()
    if total <= 0:
        return
    if source.sum() > HIGH * total:
        yield (
            f"{source.sum() / total:.0%} of the loss is the source's: mostly the source is learnt",
            "a lower `method.source_weight` or `method.beta_2`, or a lower `method.start`",
        )
    elif (target + source).sum() < LOW * total:
        yield (
            f"{(target + source).sum() / total:.1%} of the loss is the mixture's: this is plain fine-tuning",
            "a higher `method.beta_2`, such as 0.3",
        )
