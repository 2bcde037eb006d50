"""The last thing that a run does: say what came out."""

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import torch

from isthmus.files import write_text
from isthmus.model import CrossModalNet
from isthmus.tasks import Split, Task
from isthmus.tasks.metrics import metrics
from isthmus.training.batches import EvaluationBatches
from isthmus.training.checkpoints import standing
from isthmus.training.history import History
from isthmus.training.plan import Plan

PACKAGES = ("isthmus", "torch", "transformers", "lightning", "numpy")


@torch.inference_mode()
def evaluate(net: CrossModalNet, task: Task, split: Split) -> dict[str, float]:
    """The task's error over a whole split, and the published reading of it where that differs, by metric."""
    device = next(net.eval().parameters()).device
    found = {name: metrics[name](task.output) for name in (task.metric, task.reference) if name}
    for batch in EvaluationBatches(split):
        output = net(batch.x.to(device)).cpu()
        for metric in found.values():
            metric.update(output, batch.y)
    return {name: float(metric.compute()) for name, metric in found.items()}


def write_result(path: Path, plan: Plan, errors: Mapping[str, float], history: History) -> None:
    """Write `result.json`; a run is finished when it is there.

    Args:
        errors: on the test data, by metric, the task's own first; none where there is no test data.
    """
    config, rows = plan.config, history.rows
    kept = min(rows, key=standing) if config.keep == "best" else rows[-1]
    result = {
        "task": plan.task.name,
        "method": config.method["name"],
        "backbone": config.backbone,
        "embedder": config.embedder["name"],
        "seed": config.seed,
        "metric": plan.task.metric,
        "error": errors.get(plan.task.metric),
        "reference_error": errors.get(plan.task.reference or ""),
        "validation_error": kept.get("val_error"),
        "epochs": config.epochs,
        "steps": int(rows[-1]["step"]),
        "parameters": sum(p.numel() for p in plan.net.parameters()),
        "wall_s": round(history.seconds, 2),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }
    write_text(path, json.dumps(result, indent=2) + "\n")
