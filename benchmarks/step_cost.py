"""What does a step of PaRe cost beside a plain step at twice the batch?

PaRe sends the target batch and the mixed batch through the backbone, so a plain fine-tuning step on twice
the samples is its floor; what lies above it is the mixing. Forward, backward and optimiser, measured in
interleaved pairs: swin-micro's architecture at B = 16 and Swin-tiny's (224 x 224, random weights) at B = 4.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from isthmus.training.plan import build_net, fill_in, make_part, suit
from transformers import SwinConfig

from isthmus.backbones import new_backbone, swin_micro_config
from isthmus.config import make_config
from isthmus.methods import Batch, methods
from isthmus.sources import load_source
from isthmus.tasks import Task
from isthmus.training.module import make_optimizer

CASES = {"swin-micro": (swin_micro_config(), 16), "swin-tiny": (SwinConfig(drop_path_rate=0.0), 4)}


def plain_and_pare(architecture: SwinConfig, batch: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """A step of plain fine-tuning on 2 B samples, and a step of PaRe on B."""
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
        backbone = new_backbone(architecture, 0, name)
        asked = {"task": task.name, "method": name, "embedder": {"name": "patch", "overlap": 1}}
        config = suit(fill_in(make_config(asked), task, len(task.train)), backbone)
        net, method = build_net(config, task, backbone, source).train(), make_part(config.method, methods)
        method.prepare(net, 0)
        optimizer = make_optimizer(net, config)
        generator = torch.Generator().manual_seed(0)

        def step() -> None:
            loss = method.step(net, batches[name], task.sample_losses, 0.0, generator).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        return step

    return stepper("nft"), stepper("pare")


def seconds(step: Callable[[], None]) -> float:
    """How long a step takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main() -> None:
    """Print the ratio of each pair's median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    arguments = parser.parse_args()
    for name, (config, batch) in CASES.items():
        plain, pare = plain_and_pare(config, batch)
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
