"""Does a change leave weights and results as they were? Run on one machine, before and after, bit by bit.

    python benchmarks/same_results.py --against REVISION

checks out the revision beside this tree, trains the same short runs with both (each kind of method at least
once, fixed seeds, CPU, one thread) and compares every weight, every logged figure and the test error. The
folder of a copy of the repository does in place of a revision. The first process on a machine that runs
rocket compiles it, and rounds otherwise than those that load what was compiled: run it once before.
"""

import argparse
import contextlib
import hashlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
TREE = HERE.parents[1]
SMALLEST = {"runs": ["xgboost"], "against": str(TREE)}
SHORT = {"epochs": 2, "epoch_steps": 4, "batch_size": 8}
TEXT = {"backbone": "minilm", "epochs": 1, "epoch_steps": 2, "batch_size": 4}

RUNS: dict[str, dict[str, Any]] = {
    "scratch": {"task": "GunPoint", "method": "scratch", **SHORT},
    "nft": {"task": "digits100", "method": "nft", "seed": 3, **SHORT},
    "nft-text": {"task": "ItalyPowerDemand", "method": "nft", **TEXT},
    "linear-probe": {"task": "GunPoint", "method": "linear-probe", "embedder": "picture", **SHORT},
    "fpt": {"task": "GunPoint", "method": "fpt", **SHORT},
    "lora": {"task": "GunPoint", "method": "lora", **SHORT},
    "orca": {"task": "GunPoint", "method": {"name": "orca", "align_epochs": 2}, **SHORT},
    "mixup": {"task": "digits100", "method": "mixup", **SHORT},
    "cutmix": {"task": "GunPoint", "method": "cutmix", "augment": "jitter", **SHORT},
    "pare": {"task": "digits100", "method": "pare", **SHORT},
    "pare-random": {
        "task": "GunPoint",
        "method": {"name": "pare", "mixer": "random", "curriculum": "exponential"},
        "embedder": "picture",
        "augment": "warp",
        **SHORT,
    },
    "wrn": {"task": "GunPoint", "method": "wrn", **SHORT},
    "dash": {"task": "GunPoint", "method": {"name": "dash", "search_steps": 2, "tune_steps": 1}, **SHORT},
    "darts": {"task": "digits100", "method": {"name": "darts", "search_steps": 2}, **SHORT},
    "rocket": {"task": "GunPoint", "method": {"name": "rocket", "kernels": 20}},
    "xgboost": {"task": "GunPoint", "method": {"name": "xgboost", "rounds": 3}},
}
"""What `isthmus.fit` is called with; only settings that every revision knows"""

CLOCKED = {"wall_s", "search_s", "test_s", "probe_s", "probe", "floors", "floors_s", "peak_mb", "versions"}
CLOCKED |= {"step_s", "samples_per_s", "data_wait"}
"""Figures of a result that differ from run to run"""


def main() -> None:
    """Compare this tree with a revision; exit code 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--against", help="Git revision, or folder of a copy; without one, only print.")
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS), help="Some of the runs.")
    parser.add_argument("--outcome", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--smallest", action="store_true", help="one run, this tree against itself")
    asked = parser.parse_args()
    if asked.smallest:
        vars(asked).update(SMALLEST)
    if asked.outcome:
        print(json.dumps(outcome(**RUNS[asked.outcome])))
        return
    if asked.against is None:
        print(json.dumps(outcomes_in(TREE, asked.runs), indent=2))
        return
    with checked_out(asked.against) as earlier:
        before = outcomes_in(earlier, asked.runs)
    after = outcomes_in(TREE, asked.runs)
    differ = 0
    for name in asked.runs:
        keys = before[name].keys() & after[name].keys()
        different = sorted(key for key in keys if before[name][key] != after[name][key])
        differ += bool(different)
        print(
            f"{name:14}", f"differs: {', '.join(different)}" if different else f"equal in {len(keys)} figures"
        )
    print(f"{len(asked.runs) - differ} of {len(asked.runs)} runs are bitwise equal to {asked.against}")
    sys.exit(differ > 0)


@contextlib.contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Give the folder of a revision, or the folder itself if it is one; exit with code 2 if it is neither."""
    if (Path(revision) / "src" / "isthmus").is_dir():
        yield Path(revision).resolve()
        return
    git = ["git", "-C", str(TREE)]
    found = subprocess.run(
        [*git, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], capture_output=True
    )
    if found.returncode:
        print(f"'{TREE}' is not a Git checkout with the revision '{revision}'", file=sys.stderr)
        raise SystemExit(2)
    with tempfile.TemporaryDirectory() as folder:
        earlier = Path(folder) / "earlier"
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(earlier), revision], check=True)
        try:
            yield earlier
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(earlier)], check=True)


def outcomes_in(tree: Path, names: list[str]) -> dict[str, dict[str, Any]]:
    """Train the runs with the code of a tree, each in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree / "src"),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        command = [sys.executable, str(HERE), "--outcome", name]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        found[name] = json.loads(done.stdout.splitlines()[-1])
    return found


def without_floors(isthmus: Any) -> dict[str, bool]:
    """Return the keyword that leaves the floors out, for a revision that has floors."""
    return {"floor": False} if "floor" in inspect.signature(isthmus.fit).parameters else {}


def outcome(task: str, **settings: Any) -> dict[str, Any]:
    """Train one run: its figures, and digests of its weights, history and predictions."""
    import isthmus

    with tempfile.TemporaryDirectory() as folder:
        run = isthmus.fit(task, out=Path(folder) / "run", **settings, **without_floors(isthmus))
        weights = hashlib.sha256()
        for name, value in sorted(run.net.state_dict().items()):
            weights.update(name.encode() + value.cpu().numpy().tobytes())
        history = (run.folder / "metrics.csv").read_bytes()
        predictions = repr(run.predict(isthmus.load_task(task).test.x[:20]).tolist())
        figures = {key: value for key, value in run.result.items() if key not in CLOCKED}
        return figures | {
            "weights": weights.hexdigest(),
            "history": hashlib.sha256(history).hexdigest(),
            "predictions": hashlib.sha256(predictions.encode()).hexdigest(),
        }


if __name__ == "__main__":
    main()
