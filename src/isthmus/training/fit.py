"""The main path: a task, a method and a backbone become a run."""

import logging
import time
from pathlib import Path
from typing import Any

from lightning.pytorch.utilities import rank_zero_only

from isthmus.config import make_config
from isthmus.tasks import Task, load_task
from isthmus.training.checkpoints import BEST, saved_weights
from isthmus.training.log_capture import capture_logs
from isthmus.training.memory import forget_peak
from isthmus.training.one_shot import learn, search
from isthmus.training.plan import align, make_plan
from isthmus.training.result import evaluate, write_result
from isthmus.training.run import Run
from isthmus.training.run_folder import (
    CHECKPOINTS,
    LOG,
    MODEL,
    RESULT,
    claim,
    default_folder,
    last_checkpoint,
)
from isthmus.training.trainer import train_net

log = logging.getLogger("isthmus")


def fit(
    task: str | Task,
    *,
    method: str | dict[str, Any] = "pare",
    backbone: str | Path = "swin-micro",
    embedder: str | dict[str, Any] = "patch",
    source: str | dict[str, str] | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    **settings: Any,
) -> Run:
    """Train a method on a task, and test it once, at the end.

    Args:
        task: a name, or `Task.from_arrays(...)`.
        method: a name, or the name and options: `{"name": "pare", "start": 0.5}`.
        backbone: a name, a local folder, or a hub name.
        embedder: a name, or the name and options.
        source: what is mixed in, or one by modality: {"image": "procedural"}; by default what suits the
            backbone.
        seed: of every random draw.
        out: the run's folder; by default under `runs/`.
        resume: go on with the run in that folder where it was cut off, or begin it if there is none; a
            finished one is opened.
        settings: anything else in `isthmus.config.RunConfig`, such as `epochs=30`.

    Raises:
        InputError: if anything asked for is wrong, before any work is done or any file written.
        KeyboardInterrupt: at Ctrl-C, with everything up to the last epoch kept.
    """
    asked = {"method": method, "embedder": embedder, "source": source, "seed": seed, **settings}
    forget_peak()
    name = task if isinstance(task, str) else task.name
    config = make_config({"task": name, "backbone": str(backbone), **asked})
    plan = make_plan(config, load_task(task) if isinstance(task, str) else task)

    folder = Path(out) if out is not None else default_folder(config)
    is_first = getattr(rank_zero_only, "rank", 0) == 0  # of the processes that train together
    checkpoint = claim(folder, plan.config, resume) if is_first else last_checkpoint(folder)
    if (folder / RESULT).exists():
        return Run(folder)
    with capture_logs(folder / LOG if is_first else None):
        log.info("%s: %s, %s", plan.task.name, plan.task.shape, "resumed" if checkpoint else "begun")
        if plan.method.searches:
            plan = search(plan, folder)
        if plan.method.aligns and checkpoint is None:
            align(plan)
        history = train_net(plan, folder, checkpoint) if plan.method.iterative else learn(plan, folder)
        if plan.config.checkpoint == "best":
            plan.net.load_state_dict(saved_weights(folder / CHECKPOINTS / BEST))
        plan.method.finalize(plan.net)
        plan.net.save_pretrained(folder / MODEL)
        trained = time.monotonic()
        test = None if plan.task.test is None else plan.method.eval_subset(plan.task.test)
        errors = {} if test is None else evaluate(plan.net, plan.task, test)
        write_result(folder, plan, errors, history, test, time.monotonic() - trained)
        log.info("test %s", errors or "data: none")
    return Run(folder)
