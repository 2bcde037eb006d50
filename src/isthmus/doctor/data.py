"""Checks of the data: balance of classes, repeated samples, size of the validation data."""

from collections.abc import Iterator

import numpy as np

from isthmus.doctor.finding import Patient, checks

FEW, RARE = 5, 20
"""Training samples of a class that are few, and how many times another class may have as many"""

FEW_VALIDATION = 20


@checks.register("class-balance")
def class_balance(patient: Patient) -> Iterator[tuple[str, str]]:
    """See classes with few training samples, or far fewer than others."""
    splits = {} if patient.summary is None else patient.summary["splits"]
    counts = np.array(splits.get("train", {}).get("counts") or [])
    if patient.summary is None or patient.summary["kind"] == "segmentation" or len(counts) < 2:
        return
    least, most = int(counts.argmin()), int(counts.argmax())
    names = patient.summary["classes"]
    told = f"'{names[least]}' has {counts[least]} training samples, '{names[most]}' {counts[most]}"
    if counts[least] < FEW:
        yield (
            f"the class {told}: too few to learn it from",
            "gather more samples of it, or merge it with another class",
        )
    elif counts[most] > RARE * counts[least]:
        yield (
            f"the class {told}: the error hardly tells whether the rare one is learnt",
            "look at the error of each class in the report; give class_weights=balanced or sampling=balanced",
        )


@checks.register("overlap")
def overlap(patient: Patient) -> Iterator[tuple[str, str]]:
    """See samples that are on both sides of a cut."""
    splits = {} if patient.summary is None else patient.summary["splits"]
    for name in ("validation", "test"):
        repeated = splits.get(name, {}).get("repeated")
        if repeated:
            yield (
                f"{repeated} of the {splits[name]['samples']} {name} samples are training samples, too: the"
                f" {name} error comes out too low",
                "remove repeated samples, or name what belongs together (`group`), and it stays on one side",
            )


@checks.register("validation")
def validation(patient: Patient) -> Iterator[tuple[str, str]]:
    """See validation data that is too small to choose by."""
    splits = {} if patient.summary is None else patient.summary["splits"]
    samples = splits.get("validation", {}).get("samples")
    if samples is not None and samples < FEW_VALIDATION:
        yield (
            f"{samples} validation samples: one of them is {100 / samples:.0f} % of the validation error, and"
            " what is chosen by it (checkpoint=best) is chosen by chance",
            "set more aside (`validation`), or repeat the run with other seeds",
        )
