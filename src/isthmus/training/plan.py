"""What will run, before it does: settings, samples, and about how long it takes."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import torch

from isthmus.config.parts import as_part
from isthmus.config.resolve import ResolvedRun, resolve
from isthmus.config.schema import make_config
from isthmus.config.signature import Settings
from isthmus.methods import IterativeMethod
from isthmus.methods.optimization import make_optimizer
from isthmus.model.evaluation import compute_device
from isthmus.seeding import torch_generator
from isthmus.tasks import Task, load_task
from isthmus.training.batches import TrainingBatches
from isthmus.training.choosing import choose, settings_text
from isthmus.training.fit import build
from isthmus.training.module import TrainingModule
from isthmus.training.run_folder import check_folder, default_folder

TIMED_STEPS = 4
"""Steps that are taken for an estimate, beside a first one that warms up"""


@dataclass(frozen=True, eq=False)
class Plan:
    """A run before the first weight is loaded.

    Attributes:
        run: Resolved run.
        folder: Directory that it will be in.
    """

    run: ResolvedRun
    folder: Path

    @property
    def steps(self) -> int:
        """Number of training steps; 0 for a method that learns in one call."""
        optim = self.run.config.optim
        return optim.epochs * (optim.epoch_steps or 0) if isinstance(self.run.method, IterativeMethod) else 0

    def rows(self) -> list[tuple[str, str]]:
        """Return a title and a text for each thing that there is to say of what will run."""
        run, config = self.run, self.run.config
        given = config.flat(only_given=True)
        names = {name: as_part(given[name]) for name in ("backbone", "embedder") if given.get(name)}
        parts = [f"{key} {value['name']}" for key, value in names.items() if isinstance(value, dict)]
        steps = f"{config.optim.epochs} epochs of {config.optim.epoch_steps} steps" if self.steps else ""
        validation = "none" if run.validation is None else f"{len(run.validation):,}"
        chosen = f"{', '.join(run.choices)} by cross-validation" if run.choices else ""
        rows = [
            ("run", ", ".join([f"method {config.method['name']}", *parts])),
            ("chosen", chosen),
            ("training", f"{len(run.train):,} samples, {validation} for validation"),
            ("steps", f"{steps}, {config.data.batch_size} samples each" if steps else ""),
            ("folder", str(self.folder)),
        ]
        return [row for row in rows if row[1]]


def plan(
    task: str | Task, *, out: str | Path | None = None, resume: bool = False, **settings: Unpack[Settings]
) -> Plan:
    """Resolve a run, and check the folder that it will be in; load no weights and write nothing.

    Args:
        task: As `fit` takes it.
        out: Run directory; by default under `runs/`.
        resume: Whether a run that is there may be gone on with.
        **settings: Settings of the run.

    Raises:
        InputError: If anything asked for is wrong.
    """
    config = make_config({"task": task if isinstance(task, str) else task.name, **settings})
    run = resolve(config, load_task(task) if isinstance(task, str) else task)
    folder = Path(out) if out is not None else default_folder(run.config)
    check_folder(folder, run.config, resume)
    return Plan(run, folder)


def estimate(planned: Plan) -> list[tuple[str, str]]:
    """Choose what is left open, take a few training steps on the clock, and keep nothing of them.

    Returns:
        A title and a text for each thing that there is to say: what was chosen, and about how long it takes.

    Raises:
        InputError: If the task, the method and what the settings name do not fit together.
    """
    began = time.monotonic()
    run, choice = choose(planned.run, planned.folder)
    choosing = time.monotonic() - began
    rows = [] if choice is None else [("chosen", f"{settings_text(choice.settings)}, in {as_time(choosing)}")]
    steps = replace(planned, run=run).steps
    if not steps:
        return [*rows, ("time", f"not known: {run.config.method['name']} learns in one call")]
    seconds = step_seconds(run)
    about = f"about {as_time(choosing + steps * seconds)}: {steps} steps of {as_time(seconds)}"
    return [*rows, ("time", f"{about} on this {compute_device().type}, without probe and validation")]


def step_seconds(run: ResolvedRun) -> float:
    """Return how long a training step takes, the median of a few."""
    net, source = build(run)
    net.to(compute_device())
    module = TrainingModule(run, net, source, run.config)
    batches = TrainingBatches(
        run.train, module.source, module.batch_size, TIMED_STEPS + 1, seed=run.config.seed, epoch=0
    )
    optimizer = make_optimizer(net.parts(), run.config.optim)
    taken = []
    for step in range(len(batches)):
        began = time.monotonic()
        batch = batches[step]
        moved = (part if part is None else part.to(compute_device()) for part in batch[:2])
        batch = batch._replace(**dict(zip(("x", "y"), moved, strict=True)))
        generator = torch_generator(run.config.seed, step, "estimate")
        result = module.method.step(net, batch, run.task.sample_losses, step / TIMED_STEPS, generator)
        optimizer.zero_grad()
        result.loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        float(result.loss.detach())  # waits for the device
        taken.append(time.monotonic() - began)
    return float(torch.tensor(taken[1:]).median())


def as_time(seconds: float) -> str:
    """Return a time in words: 0.02 s, 40 s, 3 min, 2.5 h."""
    if seconds < 60:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
