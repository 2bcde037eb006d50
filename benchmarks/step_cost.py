"""What does a step of PaRe cost beside a plain step at twice the batch?

PaRe sends the target batch and the mixed batch through the backbone, so a plain fine-tuning step on twice
the samples is its floor; what lies above it is the mixing. Forward, backward and optimiser, measured in
interleaved pairs: the embedded backbones at B = 16, Swin-tiny's architecture (224 x 224, random weights) at
B = 4.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch
from transformers import SwinConfig

from isthmus.backbones import new_backbone
from isthmus.config import make_config
from isthmus.config.resolve import resolve
from isthmus.methods import Batch, IterativeMethod
from isthmus.methods.optimization import make_optimizer
from isthmus.sources import load_source
from isthmus.tasks import Task
from isthmus.training.fit import build

SMALLEST = {"pairs": 1, "samples": 1}
BATCHES = {"swin-micro": 16, "efficientnet-lite0": 16, "swin-tiny": 4}
"""Batch size of every backbone"""

CHOSEN = {"embedder": {"name": "patch", "overlap": 1}, "scale": "channel", "augment": None}
"""Settings that a run would choose by its data"""


def plain_and_pare(backbone: str, batch: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """Make a step of plain fine-tuning on 2 B samples, and a step of PaRe on B."""
    rng = np.random.default_rng(0)
    task = Task.from_arrays(rng.normal(size=(4 * batch, 3, 64, 64)), np.arange(4 * batch) % 4)
    source = load_source("procedural", "image")
    x, y = torch.from_numpy(task.train.x), torch.from_numpy(task.train.y)
    source_y = torch.from_numpy(source.y[:batch])
    batches = {
        "nft": Batch(x[: 2 * batch], y[: 2 * batch]),
        "pare": Batch(x[:batch], y[:batch], source.take(np.arange(batch)), source_y),
    }

    def stepper(name: str) -> Callable[[], None]:
        settings = {"task": task.name, "method": name, "backbone": backbone, "validation": 0, **CHOSEN}
        run = resolve(make_config(settings), task)
        assert isinstance(run.method, IterativeMethod)
        method, net = run.method, build(run)[0].train()
        optimizer = make_optimizer(net.parts(), run.config.optim)
        generator = torch.Generator().manual_seed(0)

        def step() -> None:
            loss = method.step(net, batches[name], task.sample_losses, 0.0, generator).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        return step

    return stepper("nft"), stepper("pare")


def seconds(step: Callable[[], None]) -> float:
    """Measure the seconds of a step."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main() -> None:
    """Print the ratio of each pair's median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--samples", type=int, help="B; by default that of the case")
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    for name, usual in BATCHES.items():
        batch = arguments.samples or usual
        with tempfile.TemporaryDirectory() as folder:
            if name == "swin-tiny":
                new_backbone(SwinConfig(drop_path_rate=0.0), 0, name).save_pretrained(folder)
            plain, pare = plain_and_pare(folder if name == "swin-tiny" else name, batch)
        for step in (plain, pare):
            step()
        pairs = [(seconds(plain), seconds(pare)) for _ in range(arguments.pairs)]
        ratios = sorted(p / floor for floor, p in pairs)
        print(
            f"{name} B={batch}: plain step at 2B {1e3 * statistics.median(f for f, _ in pairs):.0f} ms,"
            f" PaRe / plain {statistics.median(ratios):.3f}"
            f" (quartiles {ratios[len(ratios) // 4]:.3f} - {ratios[3 * len(ratios) // 4]:.3f},"
            f" {len(ratios)} pairs)",
            flush=True,
        )


if __name__ == "__main__":
    main()
