"""How much cheaper is the mixing than the literal relaxation of the published method?

Forward and backward of the gate mixer, by default at B = 4, L = 3136, D = 128, k = 2000, against the literal
relaxation (`literal.py`). Prints time and peak extra memory as ratios: the literal one's time over ours,
our memory over the two token tensors.
"""

import argparse
import os
import resource
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import literal
import torch
from torch import Tensor

from isthmus.mixing import mixers


class Size(NamedTuple):
    """Shapes [B, L, D], and how many of the L tokens are replaced."""

    batch: int = 4
    length: int = 3136
    width: int = 128
    k: int = 2000


SMALLEST = {"pairs": 1, "processes": 1, "size": Size(batch=1, length=16, width=8, k=10)}

Mixing = Callable[[float, Tensor, Tensor, Tensor, Tensor], Tensor]


def literal_mixer(
    fraction: float, target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor
) -> Tensor:
    """Mix by the literal relaxation, the baseline."""
    mixed, _ = literal.mixer(
        target, source, fraction, target_scores=target_scores, source_scores=source_scores
    )
    return mixed


def batched_mixer(
    fraction: float, target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor
) -> Tensor:
    """Mix by the registered gate."""
    mixed, _ = mixers["gate"](
        target, source, fraction, target_scores=target_scores, source_scores=source_scores
    )
    return mixed


def draw(size: Size) -> list[Tensor]:
    """Draw tokens [B, L, D] and scores [B, L] of target and source."""
    shapes = [size[:3], size[:3]]
    tokens = [torch.randn(shape).requires_grad_() for shape in shapes]
    return [*tokens, *(torch.rand(shape[:2]).requires_grad_() for shape in shapes)]


def step(mixer: Mixing, size: Size) -> float:
    """Measure the seconds of one forward and backward."""
    inputs = draw(size)
    start = time.perf_counter()
    mixed = mixer(size.k / size.length, *inputs)
    mixed.backward(mixed.detach())
    return time.perf_counter() - start


def peak_extra(size: Size) -> int:
    """Measure the bytes that a step holds at its peak beyond inputs and gradients, in a fresh process."""
    inputs, fraction = draw(size), size.k / size.length
    gradient = torch.ones(size[:3])
    batched_mixer(fraction, *inputs).backward(gradient)  # loads what is loaded on first use
    before = peak = resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    batched_mixer(fraction, *inputs).backward(gradient)
    done.set()
    watcher.join()
    return peak - before


def resident() -> int:
    """Read how many bytes of memory the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Measure both in turn and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--processes", type=int, default=5, help="in which memory is measured, in turn")
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    parser.set_defaults(size=Size())
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    size = arguments.size
    torch.manual_seed(0)
    step(batched_mixer, size)
    ratios, ours = [], []
    for _ in range(arguments.pairs):
        ours.append(statistics.median(step(batched_mixer, size) for _ in range(5)))
        ratios.append(step(literal_mixer, size) / ours[-1])
    os.environ["MALLOC_MMAP_THRESHOLD_"] = "65536"  # freed memory goes back to the system at once
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), max_tasks_per_child=1) as fresh:
        extra = statistics.median(fresh.submit(peak_extra, size).result() for _ in range(arguments.processes))
    batch, length, width, k = size
    tokens = 2 * batch * length * width * 4
    print(f"B={batch} L={length} D={width} k={k}, forward + backward, {torch.get_num_threads()} threads")
    print(
        f"ours {1e3 * statistics.median(ours):.1f} ms; literal / ours:",
        *(f"{r:.0f}x" for r in sorted(ratios)),
    )
    print(f"peak extra memory / two token tensors ({tokens / 2**20:.1f} MiB): {extra / tokens:.2f}")


if __name__ == "__main__":
    main()
