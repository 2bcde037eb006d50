"""Does the searched cell beat a random one?

PC-DARTS (the method `darts`, default options) on handwritten digits: for each seed the cells that a search
finds and cells drawn at random, in networks of the same width and number of cells, trained for the same steps
on the same batches. Prints the test errors of both in pairs, their means, and a paired test (Wilcoxon's).
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from scipy.stats import wilcoxon

from isthmus import fit, load_task
from isthmus.baselines.darts import random_genotype
from isthmus.tasks import Task


def error(task: Task, seed: int, epochs: int, **options: Any) -> float:
    """Test error of one run, in %."""
    with tempfile.TemporaryDirectory() as folder:
        method = {"name": "darts", **options}
        run = fit(task, method=method, seed=seed, epochs=epochs, validation=0.0, out=Path(folder) / "run")
        assert run.test_error is not None
        return 100 * run.test_error


def said(errors: list[float]) -> str:
    """Mean and standard deviation."""
    return f"{statistics.mean(errors):.1f} +- {statistics.stdev(errors):.1f}"


def main() -> None:
    """Print both, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="digits100")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=12, help="of training, 20 steps each for digits100")
    arguments = parser.parse_args()
    task = load_task(arguments.task)
    searched, drawn = [], []
    for seed in range(arguments.seeds):
        searched.append(error(task, seed, arguments.epochs))
        drawn.append(error(task, seed, arguments.epochs, genotype=random_genotype(seed)))
        print(f"seed {seed}: searched {searched[-1]:.1f} %, random {drawn[-1]:.1f} %", flush=True)
    less = sum(a < b for a, b in zip(searched, drawn, strict=True))
    gains = [b - a for a, b in zip(searched, drawn, strict=True)]
    print(
        f"{arguments.task}: searched {said(searched)} %, random {said(drawn)} %, searched better by"
        f" {said(gains)} points, on {less} of {len(gains)} seeds (Wilcoxon p = {wilcoxon(gains).pvalue:.3f})"
    )


if __name__ == "__main__":
    main()
