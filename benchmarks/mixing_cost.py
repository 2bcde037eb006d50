"""How much cheaper is the mixing than the literal relaxation of the published method?

Forward and backward of the gate mixer at B = 4, L = 3136, D = 128, k = 2000 against k successive
softmaxes with a copy per sample, as the paper's method reads when written down step by step. Prints time
and peak extra memory as ratios: time over the literal one's, memory over the two token tensors.
"""

import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch
from torch import Tensor

from isthmus.mixing import mixers

BATCH, LENGTH, WIDTH, K = 4, 3136, 128, 2000
TEMPERATURE = 0.9
PAIRS = 3


def literal_subset(scores: Tensor, k: int) -> Tensor:
    """k successive softmaxes, each masking what was taken (Xie and Ermon, 2019), hard by straight-through."""
    noise = -(-torch.rand_like(scores).clamp_min(1e-20).log()).log()
    keys = scores + noise
    soft = torch.zeros_like(scores)
    taken = torch.zeros_like(scores)
    for _ in range(k):
        keys = keys + (1 - taken).clamp_min(1e-20).log()
        taken = (keys / TEMPERATURE).softmax(1)
        soft = soft + taken
    hard = torch.zeros_like(scores).scatter_(1, soft.topk(k, dim=1).indices, 1.0)
    return hard - soft.detach() + soft


def literal_mixer(target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor) -> Tensor:
    """The mixture, one sample at a time."""
    kept = literal_subset(target_scores, LENGTH - K)
    taken = literal_subset(source_scores, K)
    kept_tokens, taken_tokens = target * kept[..., None], source * taken[..., None]
    mixed = []
    for b in range(len(target)):
        sample = kept_tokens[b].clone()
        sample[kept[b] < 0.5] = taken_tokens[b][taken[b] > 0.5]
        mixed.append(sample)
    return torch.stack(mixed)


def batched_mixer(target: Tensor, source: Tensor, target_scores: Tensor, source_scores: Tensor) -> Tensor:
    """Ours."""
    mixed, _ = mixers["gate"](
        target, source, K / LENGTH, target_scores=target_scores, source_scores=source_scores
    )
    return mixed


def step(mixer: Callable[..., Tensor]) -> float:
    """Seconds of one forward and backward."""
    target, source = (torch.randn(BATCH, LENGTH, WIDTH).requires_grad_() for _ in range(2))
    scores = [torch.rand(BATCH, LENGTH).requires_grad_() for _ in range(2)]
    start = time.perf_counter()
    mixed = mixer(target, source, *scores)
    mixed.backward(mixed.detach())
    return time.perf_counter() - start


def peak_extra() -> int:
    """Bytes that one step of ours holds at its peak beyond its inputs and their gradients; in a fresh process."""
    small = [torch.rand(1, 8).requires_grad_() for _ in range(2)]
    mixers["gate"](torch.randn(1, 8, 2), torch.randn(1, 8, 2), 0.5, target_scores=small[0], source_scores=small[1])
    target, source = (torch.randn(BATCH, LENGTH, WIDTH).requires_grad_() for _ in range(2))
    scores = [torch.rand(BATCH, LENGTH).requires_grad_() for _ in range(2)]
    target.grad, source.grad = torch.zeros_like(target), torch.zeros_like(source)
    gradient = torch.ones(BATCH, LENGTH, WIDTH)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batched_mixer(target, source, *scores).backward(gradient)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


def main() -> None:
    """Measure in turn and print the ratios."""
    torch.manual_seed(0)
    step(batched_mixer)
    ratios, ours = [], []
    for _ in range(PAIRS):
        ours.append(statistics.median(step(batched_mixer) for _ in range(5)))
        ratios.append(step(literal_mixer) / ours[-1])
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"), max_tasks_per_child=1) as fresh:
        extra = statistics.median(fresh.submit(peak_extra).result() for _ in range(5))
    tokens = 2 * BATCH * LENGTH * WIDTH * 4
    print(f"B={BATCH} L={LENGTH} D={WIDTH} k={K}, forward + backward, {torch.get_num_threads()} threads")
    print(f"ours {1e3 * statistics.median(ours):.1f} ms; literal / ours:", *(f"{r:.0f}x" for r in sorted(ratios)))
    print(f"peak extra memory / two token tensors ({tokens / 2**20:.1f} MiB): {extra / tokens:.2f}")


if __name__ == "__main__":
    main()
