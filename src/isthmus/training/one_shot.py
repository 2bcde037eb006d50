"""The runs that are not made of steps: a search before the first, and methods that learn at once."""

import json
import logging
import time
from pathlib import Path

from isthmus.errors import InputError
from isthmus.files import write_text
from isthmus.training.history import History
from isthmus.training.plan import Plan, with_found
from isthmus.training.result import evaluate
from isthmus.training.run_folder import FOUND, METRICS

log = logging.getLogger("isthmus")


def search(plan: Plan, folder: Path) -> Plan:
    """The plan with what its method finds; kept in `found.json`, so that a resumed run does not search again.

    Raises:
        InputError: if that file is damaged.
    """
    path = folder / FOUND
    if not path.exists():
        began = time.monotonic()
        settings = plan.method.search(plan.task, plan.train, plan.validation, plan.config)
        found = {"seconds": round(time.monotonic() - began, 2), "settings": settings}
        write_text(path, json.dumps(found, indent=2) + "\n")
        log.info("found in %.0f s: %s", found["seconds"], settings)
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))["settings"]
    except (ValueError, KeyError, TypeError):
        raise InputError(f"'{path}' is damaged; remove it to search again") from None
    return with_found(plan, settings)


def learn(plan: Plan, folder: Path) -> History:
    """Have a method that learns at once do it, in place; its history is one row."""
    history = History(folder / METRICS)
    plan.method.fit(plan.net, plan.train, plan.validation, plan.config)
    figures = {}
    if plan.validation is not None:
        figures["val_error"] = evaluate(plan.net, plan.task, plan.validation)[plan.task.metric]
    history.add({"epoch": 1, "step": 0, **figures})
    return history
