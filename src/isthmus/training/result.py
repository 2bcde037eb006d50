"""The last thing that a run does: write its result."""

import json
import platform
import sys
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor

from isthmus.config.plain_text import read_json
from isthmus.config.resolve import ResolvedRun
from isthmus.files import write_text
from isthmus.methods import NONE, Searching
from isthmus.model import Net
from isthmus.plugins import installed
from isthmus.sources import Source
from isthmus.training.first_probe import FirstProbe
from isthmus.training.forms import Found
from isthmus.training.learnt import Learnt
from isthmus.training.run_folder import FOUND, RESULT
from isthmus.training.tested import Tested
from isthmus.version import __version__

PACKAGES = ("torch", "transformers", "lightning", "numpy")
CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def write_result(
    folder: Path,
    run: ResolvedRun,
    net: Net,
    source: Source | None,
    learnt: Learnt,
    probe: FirstProbe | None,
    tested: Tested,
) -> None:
    """Write `result.json`; a run is finished when it is there.

    Args:
        folder: Run directory.
        run: Resolved run that was executed.
        net: Trained network.
        source: Source samples that were used, or None.
        learnt: Figures of the training, and of the weights that are kept.
        probe: Probe of the network as it started, if there was one.
        tested: Test errors, beside those of the floors.
    """
    errors, floors = tested.errors, tested.floors
    config, history, given = run.config, learnt.history, run.config.flat(only_given=True)
    search_seconds = 0.0
    if isinstance(run.method, Searching):
        search_seconds = read_json(folder / FOUND, Found).seconds
    result = {
        "task": run.task.name,
        "method": config.method["name"],
        "backbone": given.get("backbone", NONE),
        "embedder": given.get("embedder", {"name": NONE})["name"],
        "source": None if source is None else source.name,
        "seed": config.seed,
        "metric": run.task.metric,
        "error": errors.get(run.task.metric),
        "reference_error": errors.get(run.task.reference or ""),
        "validation_error": learnt.validation_error,
        "probe": None if probe is None else {**probe.figures(), "kept": learnt.keeps_probe},
        "floors": None if floors is None else floors.figures(),
        "epochs": int(history.rows[-1]["epoch"]),
        "steps": int(history.rows[-1]["step"]),
        "parameters": sum(map(Tensor.numel, net.parameters())),
        "test_samples": 0 if tested.test is None else len(tested.test),
        "wall_s": round(history.seconds, 2),
        **history.times.figures(),
        "search_s": search_seconds,
        "probe_s": 0.0 if probe is None else probe.seconds,
        "floors_s": {} if floors is None else floors.seconds,
        "test_s": round(tested.seconds, 2),
        "peak_mb": round(peak_bytes() / 2**20),
        "versions": versions(),
    }
    write_text(folder / RESULT, json.dumps(result, indent=2) + "\n")


def versions() -> dict[str, str]:
    """Return the versions of Python, isthmus, its plug-ins and the packages that results depend on.

    Packages say their versions themselves, so that it does not matter how they were installed.
    """
    found = {"python": platform.python_version(), "isthmus": __version__}
    found |= {plug_in.package: plug_in.version for plug_in in installed()}
    return found | {name: str(import_module(name).__version__) for name in PACKAGES}


def reset_peak_memory() -> None:
    """Reset the peak of the memory, where the system can: a process may do one run after the other."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    try:
        CLEAR.write_text("5")
    except OSError:
        return


def peak_bytes() -> int:
    """Return the most memory held: by tensors on a GPU, else by the process with its libraries."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    try:
        lines = STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
    except (OSError, StopIteration):
        return _peak_elsewhere()


def _peak_elsewhere() -> int:
    """Return the most memory that the process held, on a system without /proc."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
