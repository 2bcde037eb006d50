"""Learning without training steps: the search of a method before its first step, and methods of one call."""

import json
import logging
import time
from pathlib import Path

from isthmus.config.plain_text import read_json
from isthmus.config.resolve import ResolvedRun, updated
from isthmus.files import write_text
from isthmus.methods import OneShotMethod, Searching
from isthmus.model import Net
from isthmus.model.evaluation import evaluate
from isthmus.training.callbacks import History
from isthmus.training.forms import Found
from isthmus.training.run_folder import FOUND, METRICS

log = logging.getLogger("isthmus")


def search(run: ResolvedRun, folder: Path) -> ResolvedRun:
    """Return the run with the settings that its method finds.

    They are kept in `found.json`, so that a resumed run does not search again.

    Raises:
        InputError: If that file is damaged.
    """
    assert isinstance(run.method, Searching)
    path = folder / FOUND
    if not path.exists():
        began = time.monotonic()
        settings = run.method.search(run.task, run.train, run.validation, run.config)
        found = {"seconds": round(time.monotonic() - began, 2), "settings": settings}
        write_text(path, json.dumps(found, indent=2) + "\n")
        log.info("found in %.0f s: %s", found["seconds"], settings)
    return updated(run, read_json(path, Found, "remove it to search again").settings)


def fit_one_shot(run: ResolvedRun, net: Net, folder: Path) -> History:
    """Train the network in place by a method that learns in one call; its history is one row."""
    assert isinstance(run.method, OneShotMethod)
    history = History(folder / METRICS)
    run.method.fit(net, run.train, run.validation, run.config)
    figures = {}
    if run.validation is not None:
        figures["val_error"] = evaluate(net, run.task, run.validation)[run.task.metric]
    history.add({"epoch": 1, "step": 0, **figures})
    return history
