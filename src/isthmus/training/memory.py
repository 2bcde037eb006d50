"""The most memory that a run held."""

import resource
import sys
from pathlib import Path

import torch

CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def forget_peak() -> None:
    """Begin to measure anew, where the system can: a process may do one run after the other."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    try:
        CLEAR.write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """On a GPU what its tensors took; else what the process held, the libraries it has loaded included."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    try:
        lines = STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
