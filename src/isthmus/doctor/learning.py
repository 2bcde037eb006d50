"""Checks of what was learnt: learning rate, overfitting, gradients, and whether it was worth it."""

from collections.abc import Iterator
from contextlib import suppress

from isthmus.backbones import describe_backbone
from isthmus.doctor.finding import Patient, checks
from isthmus.errors import InputError
from isthmus.floors.comparison import FloorComparison
from isthmus.methods import methods
from isthmus.training.gradients import PREFIX

LOW = 0.1
"""Part of the recommended learning rate below which one is low"""
FALLEN, RISEN, CLIMBED = 0.98, 1.1, 1.5
"""Least fall of the loss over the training, and greatest rises above the first and above the least loss"""
OVERFITTED = 1.25
"""Rise of the validation loss above its least value"""
EXPLODED = 1e3
"""Norm of a gradient that is out of hand"""


def recommended_lr(patient: Patient) -> float | None:
    """Return the learning rate that the backbone or the method recommends; None if it cannot be asked."""
    name = patient.run.config.flat(only_given=True).get("backbone")
    with suppress(InputError):
        return (
            methods[patient.method["name"]].learning_rate
            if name is None
            else describe_backbone(name).learning_rate
        )
    return None


@checks.register("learning-rate")
def learning_rate(patient: Patient) -> Iterator[tuple[str, str]]:
    """See a loss that rises, or does not fall."""
    loss, lr = patient.column("loss"), patient.run.config.optim.lr
    if len(loss) < 2 or lr is None:
        return
    recommended = recommended_lr(patient)
    told = f"lr is {lr:.2g}" + (f", and {recommended:.2g} is recommended" if recommended else "")
    if loss[-1] > CLIMBED * loss.min() or loss[-1] > RISEN * loss[0]:
        yield (
            f"the loss went up, from {loss.min():.3g} to {loss[-1]:.3g} at the end; {told}",
            f"a lower lr, such as {lr / 10:.1g}, or more warm-up (`warmup_ratio`)",
        )
    elif loss[-1] > FALLEN * loss[0]:
        low = recommended is not None and lr < LOW * recommended
        yield (
            f"the loss hardly fell, from {loss[0]:.3g} to {loss[-1]:.3g}; {told}",
            f"lr={recommended:.2g}"
            if low
            else f"another lr, such as {10 * lr:.1g} or {lr / 10:.1g}; more epochs",
        )


@checks.register("overfitting")
def overfitting(patient: Patient) -> Iterator[tuple[str, str]]:
    """See a validation loss that rises while the training loss falls."""
    loss, validation = patient.column("loss"), patient.column("val_loss")
    if len(validation) < 2 or len(loss) != len(validation):
        return
    best = int(validation.argmin())
    if validation[-1] > OVERFITTED * validation[best] and loss[-1] < loss[best]:
        keeps_best = patient.run.config.runtime.checkpoint == "best"
        yield (
            f"it overfits: since epoch {best + 1} of {len(loss)} the validation loss rose from"
            f" {validation[best]:.3g} to {validation[-1]:.3g}, while the training loss fell",
            ("" if keeps_best else "checkpoint=best, ")
            + "fewer epochs, an augmentation (`augment`), or fewer parameters that learn (lora, fpt)",
        )


@checks.register("gradients")
def gradients(patient: Patient) -> Iterator[tuple[str, str]]:
    """See parts of the network that get no gradient, or one that is out of hand."""
    names = dict.fromkeys(name for row in patient.rows for name in row if name.startswith(PREFIX))
    norms = {name.removeprefix(PREFIX): patient.column(name) for name in names}
    scales = patient.run.config.optim.lr_scale or {}
    for part, norm in norms.items():
        if scales.get(part) == 0:
            yield f"the {part} does not learn: lr_scale.{part} is 0", f"leave lr_scale.{part} out"
        elif not norm.any():
            yield (
                f"the {part} got no gradient in any epoch: it is as it was at the start",
                "look at the options of the method (isthmus list methods): pare's gate learns while `explore`"
                " lasts, and the source's predictor while something of the source is mixed in",
            )
        elif norm.max() > EXPLODED:
            epoch = int(norm.argmax()) + 1
            clipped = patient.run.config.optim.max_grad_norm
            yield (
                f"the gradient of the {part} is out of hand: norm {norm.max():.2g} in epoch {epoch}"
                + ("" if clipped else ", and it is not clipped"),
                "a lower lr"
                + ("" if clipped else ", max_grad_norm=1")
                + ", or targets without values far out",
            )


@checks.register("worth-it")
def worth_it(patient: Patient) -> Iterator[tuple[str, str]]:
    """See a run that does no better than the probe or a simple predictor."""
    floors = FloorComparison.from_result(patient.result)
    best = None if floors is None else floors.floors[floors.best].error
    if floors is not None and best is not None and floors.error is not None and best <= floors.error:
        yield (
            f"{floors.best} has a {floors.measured_on} {floors.metric} of {best:.3g}, and {floors.method}"
            f" {floors.error:.3g}",
            "more epochs, another backbone or embedder (auto chooses), or take the simple predictor",
        )
    probe, error = patient.result.get("probe") or {}, patient.column("val_error")
    before = probe.get("validation_error")
    if before is not None and len(error) and before < error.min():
        yield (
            f"fine-tuning did not reach the probe of the frozen backbone: validation error {error.min():.3g}"
            f" against {before:.3g}",
            "predictor_start=probe, a lower lr for the backbone (lr_scale), more epochs, or the method probe",
        )
