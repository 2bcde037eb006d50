"""How much cheaper is the mixing than the literal relaxation of the published method?

Forward and backward of the gate mixer at B = 4, L = 3136, D = 128, k = 2000 against the literal
relaxation (`literal.py`). Prints time and peak extra memory as ratios: the literal one's time over ours,
our memory over the two token tensors.
"""

import os
import resource
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import literal
import torch
from torch import Tensor

from isthmus.mixing import mixers

BATCH, LENGTH, WIDTH, K = 4, 3136, 128, 2000
PAIRS = 3


Mixing = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def literal_mixer(target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor) -> Tensor:
    """Mix by the literal relaxation, the baseline."""
    mixed, _ = literal.mixer(
        target, source, K / LENGTH, target_scores=target_scores, source_scores=source_scores
    )
    return mixed


def batched_mixer(target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor) -> Tensor:
    """Mix by the registered gate."""
    mixed, _ = mixers["gate"](
        target, source, K / LENGTH, target_scores=target_scores, source_scores=source_scores
    )
    return mixed


def step(mixer: Mixing) -> float:
    """Measure the seconds of one forward and backward."""
    target, source = (torch.randn(BATCH, LENGTH, WIDTH).requires_grad_() for _ in range(2))
    scores = [torch.rand(BATCH, LENGTH).requires_grad_() for _ in range(2)]
    start = time.perf_counter()
    mixed = mixer(target, source, *scores)
    mixed.backward(mixed.detach())
    return time.perf_counter() - start


def peak_extra() -> int:
    """Measure the bytes that a step holds at its peak beyond inputs and gradients, in a fresh process."""
    target, source = (torch.randn(BATCH, LENGTH, WIDTH).requires_grad_() for _ in range(2))
    scores = [torch.rand(BATCH, LENGTH).requires_grad_() for _ in range(2)]
    gradient = torch.ones(BATCH, LENGTH, WIDTH)
    batched_mixer(target, source, *scores).backward(gradient)  # loads what is loaded on first use
    before = peak = resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    batched_mixer(target, source, *scores).backward(gradient)
    done.set()
    watcher.join()
    return peak - before


def resident() -> int:
    """Read how many bytes of memory the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Measure both in turn and print the ratios."""
    torch.manual_seed(0)
    step(batched_mixer)
    ratios, ours = [], []
    for _ in range(PAIRS):
        ours.append(statistics.median(step(batched_mixer) for _ in range(5)))
        ratios.append(step(literal_mixer) / ours[-1])
    os.environ["MALLOC_MMAP_THRESHOLD_"] = "65536"  # freed memory goes back to the system at once
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), max_tasks_per_child=1) as fresh:
        extra = statistics.median(fresh.submit(peak_extra).result() for _ in range(5))
    tokens = 2 * BATCH * LENGTH * WIDTH * 4
    print(f"B={BATCH} L={LENGTH} D={WIDTH} k={K}, forward + backward, {torch.get_num_threads()} threads")
    print(
        f"ours {1e3 * statistics.median(ours):.1f} ms; literal / ours:",
        *(f"{r:.0f}x" for r in sorted(ratios)),
    )
    print(f"peak extra memory / two token tensors ({tokens / 2**20:.1f} MiB): {extra / tokens:.2f}")


if __name__ == "__main__":
    main()
