"""The last thing that a run does: say what came out."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from isthmus.files import write_text
from isthmus.model import CrossModalNet
from isthmus.tasks import Split, Task
from isthmus.training.batches import EvaluationBatches
from isthmus.training.checkpoints import standing
from isthmus.training.history import History
from isthmus.training.module import EVALUATION_BATCH
from isthmus.training.plan import Plan

PACKAGES = ("isthmus", "torch", "transformers", "lightning", "numpy")


@torch.inference_mode()
def evaluate(net: CrossModalNet, task: Task, split: Split) -> float:
    """The task's error over a whole split."""
    device = next(net.eval().parameters()).device
    metric = task.new_metric()
    for batch in EvaluationBatches(split, EVALUATION_BATCH):
        metric.update(net(batch.x.to(device)).cpu(), batch.y)
    return float(metric.compute())


def write_result(path: Path, plan: Plan, error: float | None, history: History) -> None:
    """Write `result.json`; a run is finished when it is there."""
    config, rows = plan.config, history.rows
    kept = min(rows, key=standing) if config.keep == "best" else rows[-1]
    result = {
        "task": plan.task.name,
        "method": config.method["name"],
        "backbone": config.backbone,
        "embedder": config.embedder["name"],
        "seed": config.seed,
        "metric": plan.task.metric,
        "error": error,
        "validation_error": kept.get("val_error"),
        "epochs": config.epochs,
        "steps": int(rows[-1]["step"]),
        "parameters": sum(p.numel() for p in plan.net.parameters()),
        "wall_s": round(history.seconds, 2),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }
    write_text(path, json.dumps(result, indent=2) + "\n")
