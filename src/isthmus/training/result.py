"""The last thing that a run does: say what came out."""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import torch

from isthmus.files import write_text
from isthmus.model import Net
from isthmus.tasks import Split, Task
from isthmus.tasks.metrics import metrics
from isthmus.training.batches import EvaluationBatches
from isthmus.training.checkpoints import standing
from isthmus.training.history import History
from isthmus.training.memory import peak_bytes
from isthmus.training.plan import Plan
from isthmus.training.run_folder import FOUND, RESULT

PACKAGES = ("isthmus", "torch", "transformers", "lightning", "numpy")


@torch.inference_mode()
def evaluate(net: Net, task: Task, split: Split) -> dict[str, float]:
    """The task's error over a whole split, and the published reading of it where that differs, by metric."""
    device = next(net.eval().parameters()).device
    found = {name: metrics[name](task.output.channels) for name in (task.metric, task.reference) if name}
    for batch in EvaluationBatches(split):
        output = net(batch.x.to(device)).cpu()
        for metric in found.values():
            metric.update(output, batch.y)
    return {name: float(metric.compute()) for name, metric in found.items()}


def write_result(
    folder: Path,
    plan: Plan,
    errors: Mapping[str, float],
    history: History,
    test: Split | None,
    test_seconds: float,
) -> None:
    """Write `result.json`; a run is finished when it is there.

    Args:
        folder: of the run.
        plan: that it followed.
        errors: on the test data, by metric, the task's own first; none where there is no test data.
        history: of its training.
        test: the test data that the errors are over.
        test_seconds: that they took.
    """
    config, rows = plan.config, history.rows
    kept = min(rows, key=standing) if config.checkpoint == "best" else rows[-1]
    result = {
        "task": plan.task.name,
        "method": config.method["name"],
        "backbone": config.backbone,
        "embedder": config.embedder["name"],
        "source": None if plan.source is None else plan.source.name,
        "seed": config.seed,
        "metric": plan.task.metric,
        "error": errors.get(plan.task.metric),
        "reference_error": errors.get(plan.task.reference or ""),
        "validation_error": kept.get("val_error"),
        "epochs": config.epochs,
        "steps": int(rows[-1]["step"]),
        "parameters": sum(p.numel() for p in plan.net.parameters()),
        "test_samples": 0 if test is None else len(test),
        "wall_s": round(history.seconds, 2),
        "search_s": _search_seconds(folder / FOUND),
        "test_s": round(test_seconds, 2),
        "peak_mb": round(peak_bytes() / 2**20),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }
    write_text(folder / RESULT, json.dumps(result, indent=2) + "\n")


def _search_seconds(found: Path) -> float:
    """What the search before the first step took; 0 where there was none."""
    return float(json.loads(found.read_text(encoding="utf-8"))["seconds"]) if found.exists() else 0.0
