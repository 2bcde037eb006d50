"""The main path: settings and a task are resolved, a network is built, trained, tested."""

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from lightning import Callback

from isthmus.config.resolve import ResolvedRun, resolve
from isthmus.config.schema import RunConfig, make_config
from isthmus.config.signature import Settings, with_settings_signature
from isthmus.errors import InputError
from isthmus.files import write_text
from isthmus.launchers import is_first_process
from isthmus.loggers import open_logger
from isthmus.methods import Aligning, IterativeMethod, Restoring, Searching
from isthmus.methods.own_labels import with_own_labels
from isthmus.model import Net
from isthmus.model.evaluation import compute_device
from isthmus.precision import single_precision
from isthmus.progress import Progress, progress
from isthmus.sources import Source, load_source
from isthmus.store.paths import data_root
from isthmus.tasks import Task, load_task
from isthmus.tasks.custom.description_file import remembered
from isthmus.training.choosing import Choice, as_text, choose
from isthmus.training.first_probe import FirstProbe, probe_first
from isthmus.training.kept import keep
from isthmus.training.learnt import Learnt, keep_weights
from isthmus.training.logs import capture_logs
from isthmus.training.module import TrainingModule
from isthmus.training.one_shot import fit_one_shot, search
from isthmus.training.result import reset_peak_memory, write_result
from isthmus.training.run_folder import (
    CHOSEN,
    DESCRIPTION,
    LOG,
    MODEL,
    RESULT,
    Run,
    check_folder,
    claimed,
    default_folder,
    last_checkpoint,
)
from isthmus.training.tested import test_net
from isthmus.training.together import wait_for_first
from isthmus.training.trainer import train

log = logging.getLogger("isthmus")


def fit(
    task: str | Task,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    floor: bool = True,
    callbacks: Sequence[Callback] = (),
    **settings: Unpack[Settings],
) -> Run:
    """Train a method on a task, and test it once, at the end.

    Args:
        task: Name of a task, or `Task.from_arrays(...)`.
        out: Run directory; by default under `runs/`.
        resume: Whether to go on with the run in that folder where it was cut off, or begin it if there is
            none; a finished one is opened.
        floor: Whether to fit simple predictors to the same samples too, and compare the run with the best.
        callbacks: Callbacks of Lightning's trainer; what they do is not kept in the run's settings.
        **settings: Settings of the run, each by its own name: `method="pare"`, `embedder="picture"`,
            `epochs=30`, `lr=1e-4`. What has options is a name, or a name and options:
            `method={"name": "pare", "start": 0.5}`.

    Returns:
        The finished run.

    Raises:
        InputError: If anything asked for is wrong, before any work is done or any file written.
        KeyboardInterrupt: At Ctrl-C, with everything up to the last epoch kept.
    """
    reset_peak_memory()
    config = make_config({"task": task if isinstance(task, str) else task.name, **settings})
    with progress(f"{config.method['name']} on {config.task}") as shown, single_precision():
        return _fit(task, config, out, resume, floor, shown, callbacks)


def _fit(
    task: str | Task,
    config: RunConfig,
    out: str | Path | None,
    resume: bool,
    floor: bool,
    shown: Progress,
    callbacks: Sequence[Callback],
) -> Run:
    """Resolve, build, train and test a run, and show which of these stages it is in."""
    shown.enter("loading")
    run = resolve(config, load_task(task) if isinstance(task, str) else task)
    if callbacks and not isinstance(run.method, IterativeMethod):
        message = (
            f"the method '{run.config.method['name']}' learns in one call; callbacks need one that learns by"
        )
        raise InputError(f"{message} steps, such as nft or pare", kind="conflict", key="callbacks")
    requested = run.config
    folder = Path(out) if out is not None else default_folder(requested)
    is_first = is_first_process()  # of those that train together
    if is_first:
        check_folder(folder, requested, resume)  # before anything that takes time
    else:
        wait_for_first(folder)
    if run.choices:
        shown.enter("choosing settings")
    run, choice = choose(run, folder)
    shown.enter("loading")
    net, source = build(run)
    claim = claimed(folder, requested, resume) if is_first else nullcontext(last_checkpoint(folder))
    with claim as checkpoint, capture_logs(folder / LOG if is_first else None):
        if (folder / RESULT).exists():
            return Run(folder)
        log.info("%s: %s, %s", run.task.name, run.task.shape, "resumed" if checkpoint else "begun")
        if is_first:
            _note_inputs(run, choice, folder)
        if isinstance(run.method, Searching):
            shown.enter("searching")
            run = search(run, folder)
            net, source = build(run)
        shown.enter("fitting the probe")
        probe = probe_first(run, net)
        learnt = learn(run, net, source, requested, folder, checkpoint, probe, shown, callbacks)
        shown.enter("testing")
        net.save_pretrained(folder / MODEL)
        tested = test_net(run, net, floor)
        splits = {"train": run.train, "validation": run.validation, "test": tested.test}
        keep(folder, run.task, splits, tested.outputs, tested.validation)
        write_result(folder, run, net, source, learnt, probe, tested)
    return Run(folder)


def _note_inputs(run: ResolvedRun, choice: Choice | None, folder: Path) -> None:
    """Log what was understood of the user's data; keep its description, and the settings that were chosen."""
    origin = run.task.origin
    if origin is not None:
        for title, text in origin.understood.rows():
            log.info("%s: %s", title or "targets", text)
        write_text(folder / DESCRIPTION, remembered(origin.description))
    if choice is not None:
        write_text(folder / CHOSEN, as_text(choice))


with_settings_signature(fit)


def build(run: ResolvedRun) -> tuple[Net, Source | None]:
    """Load the weights and the source, and send one sample through, so that what does not fit shows now.

    Raises:
        InputError: If the task, the method and what the settings name do not fit together.
    """
    source = None
    if "source" in run.method.settings:
        assert run.backbone is not None
        model = run.config.model
        source = _load_source(str(model.source), run.backbone.modality, data_root())
        if model.source_labels == "own":
            source = with_own_labels(source, model.backbone, model.image_size)
    net: Net = run.method.build(run.config, run.task, source)
    with torch.no_grad():
        run.method.dry_run(net.eval(), torch.from_numpy(run.train.x[np.arange(1)]), source)
    return net, source


def learn(
    run: ResolvedRun,
    net: Net,
    source: Source | None,
    requested: RunConfig,
    folder: Path,
    checkpoint: Path | None,
    probe: FirstProbe | None,
    shown: Progress,
    callbacks: Sequence[Callback] = (),
) -> Learnt:
    """Train the network in place, and leave it with the weights that the settings ask for.

    Args:
        run: Resolved run, with what a search has found.
        net: Network of the method.
        source: Source samples, if the method uses some.
        requested: Settings that the run was begun with, before a search.
        folder: Run directory.
        checkpoint: Checkpoint to go on from.
        probe: Probe of the network as it starts, which training has to beat; None without one.
        shown: Progress of the run.
        callbacks: Callbacks of the user's own.

    Returns:
        Figures of every epoch, and of the weights that are kept.
    """
    shown.enter("training")
    if not isinstance(run.method, IterativeMethod):
        history = fit_one_shot(run, net, folder)
        return Learnt(history, history.rows[-1].get("val_error"))
    if isinstance(run.method, Aligning) and checkpoint is None:
        assert source is not None
        shown.enter("aligning with the source")
        net.to(compute_device())
        run.method.align(net, run.train, source, run.config.optim, run.config.seed, run.task.sample_losses)
        shown.enter("training")
    module = TrainingModule(run, net, source, requested)
    part, settings = run.config.runtime.logger, run.config.flat(only_given=True)
    with open_logger(part, folder, settings) as logger:
        history = train(module, folder, checkpoint, shown, logger, callbacks)
    learnt = keep_weights(net, history, probe, folder, keeps_best=run.config.runtime.checkpoint == "best")
    if isinstance(run.method, Restoring):
        run.method.restore(net)
    return learnt


@cache
def _load_source(name: str, modality: str, root: Path) -> Source:
    """Load a source from the folder of all data once in a process, which may fit many runs."""
    return load_source(name, modality, root=root)
