"""What does a step cost on a GPU, beside the bare encoder and beside what the card can do?

For each backbone, in interleaved rounds: the bare Hugging Face encoder on 2 B samples, a plain step (`nft`)
on B and on 2 B, and a step of PaRe on B, each eager and with compiled blocks, in bf16. Prints milliseconds,
kernel launches, peak memory, the share of the matrix rate that is measured first, and PaRe's ratio to the
plain step at 2 B. Swin-tiny, Swin-base and RoBERTa-base have random weights. About two minutes on a large
card, most of it for compiling; without a GPU it tries the same on the CPU with the embedded backbones.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import torch
from stepping import Machine, bare_step, method_step
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedConfig, RobertaConfig, SwinConfig

from isthmus.backbones import load_backbone, new_backbone

BASE = {"embed_dim": 128, "depths": [2, 2, 18, 2], "num_heads": [4, 8, 16, 32]}
TINY = {"image_size": 16, "patch_size": 2, "embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2]}
CONFIGS: dict[str, PreTrainedConfig] = {
    "swin-tiny": SwinConfig(),
    "swin-base": SwinConfig(**BASE),
    "roberta-base": RobertaConfig(),
    "smallest": SwinConfig(**TINY, window_size=4),
}
BATCHES = {"swin-micro": 16, "efficientnet-lite0": 16, "swin-tiny": 32, "swin-base": 32, "roberta-base": 16}
"""B for every backbone"""
TEXT = {"roberta-base"}
"""Backbones without a tokenizer, so that no source can be mixed in"""


def matrix_rate(device: torch.device, size: int) -> float:
    """Measure the multiplications and additions a second of a product of two square matrices in bf16."""
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    rounds = [milliseconds(lambda: torch.mm(a, b), device) for _ in range(20)]
    return 2 * size**3 / (min(rounds) / 1e3)


def milliseconds(step: Callable[[], object], device: torch.device) -> float:
    """Measure the time of a step, to its end on the device."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return 1e3 * (time.perf_counter() - start)


def launches(step: Callable[[], None], device: torch.device) -> int:
    """Count the kernels that a step launches; 0 on a CPU."""
    if device.type != "cuda":
        return 0
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        step()
        torch.cuda.synchronize()
    return sum(event.name.startswith(("cudaLaunch", "cuLaunch")) for event in profile.events())


def arithmetic(step: Callable[[], None]) -> int:
    """Count the multiplications and additions of an eager step."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def peak(step: Callable[[], None], device: torch.device) -> float:
    """Measure the most memory of a step in GB; 0 on a CPU."""
    if device.type != "cuda":
        return 0.0
    torch.cuda.reset_peak_memory_stats()
    step()
    return torch.cuda.max_memory_allocated() / 2**30


def measure(name: str, folder: str, batch: int, machine: Machine, rounds: int, rate: float) -> None:
    """Print the rows of a backbone on a machine."""
    steps = {
        "bare 2B": bare_step(load_backbone(folder), 2 * batch, machine),
        "nft B": method_step("nft", folder, batch, machine),
        "nft 2B": method_step("nft", folder, 2 * batch, machine),
    }
    if name not in TEXT:
        steps["pare B"] = method_step("pare", folder, batch, machine)
    began = time.perf_counter()
    for step in steps.values():
        for _ in range(3):
            step()
    warm = time.perf_counter() - began
    found: dict[str, list[float]] = {label: [] for label in steps}
    for _ in range(rounds):
        for label, step in steps.items():
            found[label].append(milliseconds(step, machine.device))
    how = "compiled" if machine.compiled else "eager"
    for label, step in steps.items():
        median = statistics.median(found[label])
        work = (
            ""
            if machine.compiled
            else f", {100 * arithmetic(step) / (median / 1e3) / rate:.1f} % of the rate"
        )
        print(
            f"{name} B={batch} {how} {label}: {median:.2f} ms{work},"
            f" {launches(step, machine.device)} launches, {peak(step, machine.device):.2f} GB",
            flush=True,
        )
    pairs = [("nft 2B", "bare 2B")] + [("pare B", "nft 2B")] * ("pare B" in steps)
    for one, floor in pairs:
        ratios = sorted(a / b for a, b in zip(found[one], found[floor], strict=True))
        low, high = ratios[len(ratios) // 4], ratios[3 * len(ratios) // 4]
        print(
            f"{name} {how}: {one} / {floor} {statistics.median(ratios):.3f}"
            f" (quartiles {low:.3f} - {high:.3f}, {rounds} rounds; {warm:.0f} s to warm up)",
            flush=True,
        )


def main() -> None:
    """Measure all backbones, eager and compiled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbones", nargs="+", choices=BATCHES, help="by default all that the device can")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--smallest", action="store_true", help="a tiny backbone and one eager round")
    asked = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    is_gpu = device.type == "cuda"
    names = asked.backbones or (list(BATCHES) if is_gpu else ["swin-micro", "efficientnet-lite0"])
    names = ["smallest"] if asked.smallest else names
    rounds = 1 if asked.smallest else asked.rounds if is_gpu else min(asked.rounds, 3)
    rate = matrix_rate(device, 8192 if is_gpu else 256)
    what = torch.cuda.get_device_name() if is_gpu else "CPU"
    print(f"{what}, torch {torch.__version__}: {rate / 1e12:.3g} TFLOP/s in a product of matrices, bf16")
    for name in names:
        with tempfile.TemporaryDirectory() as temporary:
            folder = name
            if name in CONFIGS:
                folder = str(Path(temporary) / name)
                new_backbone(CONFIGS[name], 0, name).save_pretrained(folder)
            for compiled in (False,) if asked.smallest else (False, True):
                with ExitStack() as stack:
                    machine = Machine(device, is_gpu, compiled, stack)
                    measure(name, folder, BATCHES.get(name, 2), machine, rounds, rate)


if __name__ == "__main__":
    main()
