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

from stepping import Machine, method_step
from transformers import SwinConfig

from isthmus.backbones import new_backbone

SMALLEST = {"pairs": 1, "samples": 1}
BATCHES = {"swin-micro": 16, "efficientnet-lite0": 16, "swin-tiny": 4}
"""Batch size of every backbone"""


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
            where = folder if name == "swin-tiny" else name
            plain = method_step("nft", where, 2 * batch, Machine())
            pare = method_step("pare", where, batch, Machine())
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
