"""How much of a command's time is training steps? `isthmus fit` of 300 steps, and a grid of 60 short runs.

Each is the command line in a process of its own, from its start to its end. The grid makes two runs at once,
so its floor is half the time of all steps. Prints the parts of the rest, too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SEEDS, METHODS = 20, ("scratch", "nft", "pare")
CHOSEN = ["--embedder", "picture", "--scale", "channel", "--set", "augment=none"]
"""Settings that a run would choose by its data; a grid chooses nothing"""


def seconds(words: list[str]) -> float:
    """Run `isthmus` with these words and measure the time."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "isthmus", *words, "-q"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def parts(result: dict[str, Any], chosen: float) -> dict[str, float]:
    """Return the seconds that a run spent on what."""
    steps = result["step_s"] * result["steps"]
    return {
        "steps": steps,
        "the rest of the epochs": result["wall_s"] - steps,
        "choice": chosen,
        "probe": result["probe_s"],
        "test": result["test_s"],
        "floors": sum((result["floors_s"] or {}).values()),
    }


def fit_share(folder: Path, steps: int, more: list[str]) -> str:
    """Measure a fit, and describe it in a line."""
    each = min(20, steps)
    words = ["fit", "GunPoint", "--method", "nft", "--out", str(folder), *more]
    words += ["--set", f"epochs={steps // each}", "--set", f"epoch_steps={each}"]
    wall = seconds(words)
    result = json.loads((folder / "result.json").read_text())
    chosen = folder / "chosen.json"
    found = parts(result, json.loads(chosen.read_text())["seconds"] if chosen.exists() else 0.0)
    found["start, loading and the rest"] = wall - sum(found.values())
    told = ", ".join(f"{name} {value:.1f}" for name, value in found.items())
    return f"fit, {steps} steps: {wall:.1f} s, of which steps {found['steps'] / wall:.2f} ({told})"


def grid_ratio(folder: Path, seeds: int, steps: int, methods: tuple[str, ...]) -> str:
    """Measure a grid with two processes, and describe it in a line."""
    words = ["compare", "GunPoint", "--methods", ",".join(methods), "--seeds", str(seeds), *CHOSEN]
    words += ["--backbones", "swin-micro", "--processes", "2", "--out", str(folder)]
    words += ["--set", "epochs=1", "--set", f"epoch_steps={steps}", "--set", "probe_samples=0"]
    wall = seconds(words)
    results = [json.loads(path.read_text()) for path in folder.rglob("result.json")]
    floor = sum(result["step_s"] * result["steps"] for result in results) / 2
    return f"grid of {len(results)} runs of {steps} steps: {wall:.1f} s, {wall / floor:.2f} of {floor:.1f} s"


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300, help="of the fit")
    parser.add_argument("--grid-steps", type=int, default=40, help="of each run of the grid")
    parser.add_argument("--smallest", action="store_true", help="one step each, and two runs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if asked.smallest:
            quick = ["--backbone", "swin-micro", *CHOSEN, "--probe-samples", "0", "--no-floor"]
            print(fit_share(folder / "fit", 1, quick), flush=True)
            print(grid_ratio(folder / "grid", 1, 1, METHODS[:2]))
            return
        print(fit_share(folder / "fit", asked.steps, []), flush=True)
        print(grid_ratio(folder / "grid", SEEDS, asked.grid_steps, METHODS))


if __name__ == "__main__":
    main()
