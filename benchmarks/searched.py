"""Does the result of a search beat the starting point of the search, and random draws from the same space?

`darts`: PC-DARTS's cells against random cells, in networks of the same width and number of cells. `dash`:
its kernels and dilations against the backbone's own and against random ones, without the choice of settings.
All are trained for the same steps on the same batches. Prints the test errors of each seed, their means, and
paired tests (Wilcoxon's).
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scipy.stats import wilcoxon

from isthmus import fit, load_task
from isthmus.methods.specialists.darts import random_genotype
from isthmus.methods.specialists.dash import CONVOLUTION_COUNT, DILATIONS, KERNELS
from isthmus.seeding import numpy_generator
from isthmus.tasks import Task

SMALLEST = {"task": "GunPoint", "seeds": 2, "epochs": 1, "epoch_steps": 1, "search_steps": 1}

Options = Callable[[Task, int], dict[str, Any]]
"""Function from (task, seed) to the options of the method."""


def random_cells(task: Task, seed: int) -> dict[str, Any]:
    """Draw operations and their input states uniformly."""
    return {"genotype": random_genotype(seed)}


def random_kernels(task: Task, seed: int) -> dict[str, Any]:
    """Draw a kernel size and a dilation for each convolution uniformly."""
    rng, dimensions = numpy_generator(seed, "kernels"), task.train.x.ndim - 2
    drawn = {"kernels": KERNELS[dimensions], "dilations": DILATIONS}
    return {"tune_steps": 0} | {
        name: rng.choice(choices, CONVOLUTION_COUNT[dimensions]).tolist() for name, choices in drawn.items()
    }


VARIANTS: dict[str, dict[str, Options]] = {
    "darts": {"searched": lambda task, seed: {}, "random": random_cells},
    "dash": {
        "searched": lambda task, seed: {"tune_steps": 0},
        "unsearched": lambda task, seed: {"tune_steps": 0, "search_steps": 0},
        "random": random_kernels,
    },
}


def error(task: Task, method: dict[str, Any], seed: int, **length: Any) -> float:
    """Return the test error of one run in %."""
    with tempfile.TemporaryDirectory() as folder:
        split, out = {"validation": 0.0}, Path(folder) / "run"
        run = fit(task, method=method, seed=seed, out=out, floor=False, **split, **length)
        assert run.test_error is not None
        return 100 * run.test_error


def mean_and_deviation(errors: list[float]) -> str:
    """Format mean and standard deviation."""
    return f"{statistics.mean(errors):.1f} +- {statistics.stdev(errors):.1f}"


def main() -> None:
    """Print the errors of each seed, then the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=VARIANTS, nargs="?", default="darts")
    parser.add_argument("--task", default="digits100")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=12, help="of training, 20 steps each for digits100")
    parser.add_argument("--epoch-steps", type=int, help="by default one pass over the training data")
    parser.add_argument("--search-steps", type=int, help="by default the method's")
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    length = {"epochs": arguments.epochs, "epoch_steps": arguments.epoch_steps}
    steps = arguments.search_steps
    shared = {"name": arguments.method} | ({} if steps is None else {"search_steps": steps})
    task, variants = load_task(arguments.task), VARIANTS[arguments.method]
    errors: dict[str, list[float]] = {name: [] for name in variants}
    for seed in range(arguments.seeds):
        for name, options in variants.items():
            method = {**shared, **options(task, seed)}
            errors[name].append(error(task, method, seed, **length))
        print(f"seed {seed}: " + ", ".join(f"{name} {e[-1]:.1f} %" for name, e in errors.items()), flush=True)
    searched = errors.pop("searched")
    print(f"{arguments.task}: searched {mean_and_deviation(searched)} %")
    for name, others in errors.items():
        gains = [other - own for own, other in zip(searched, others, strict=True)]
        better, p = sum(gain > 0 for gain in gains), wilcoxon(gains).pvalue
        print(
            f"{name} {mean_and_deviation(others)} %: searched better by {mean_and_deviation(gains)} points,"
            f" on {better} of {len(gains)} seeds (Wilcoxon p = {p:.3f})"
        )


if __name__ == "__main__":
    main()
