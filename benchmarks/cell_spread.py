"""How much can a search of cells gain?

Random cells (the method `darts`, default sizes), each trained from several seeds; validation data only.
Prints the spread of the mean errors of cells, beside the spread over the seeds of one cell, and the
correlation of the errors with the number of convolutions and of parameters.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from isthmus import fit, load_task
from isthmus.methods.specialists.darts import Genotype, random_genotype
from isthmus.tasks import Task

VALIDATION = 0.3
SMALLEST = {"task": "GunPoint", "cells": 2, "seeds": 2, "epochs": 1, "epoch_steps": 1}


def error(task: Task, genotype: Genotype, seed: int, **length: Any) -> tuple[float, int]:
    """Return the validation error of one run in %, and its number of parameters."""
    with tempfile.TemporaryDirectory() as folder:
        method = {"name": "darts", "genotype": genotype}
        split, out = {"validation": VALIDATION}, Path(folder) / "run"
        run = fit(task, method=method, seed=seed, out=out, floor=False, **split, **length)
        assert run.result["validation_error"] is not None
        return 100 * run.result["validation_error"], run.result["parameters"]


def convolutions(genotype: Genotype) -> int:
    """Count the convolutions among the 16 edges."""
    return sum("conv" in name for nodes in genotype.values() for node in nodes for name, _ in node)


def main() -> None:
    """Print the errors of each cell, then the spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="digits")
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--epoch-steps", type=int, help="by default one pass over the training data")
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    length = {"epochs": arguments.epochs, "epoch_steps": arguments.epoch_steps}
    task = load_task(arguments.task)
    errors, sizes = [], []
    for cell in range(arguments.cells):
        genotype = random_genotype(cell)
        runs = [error(task, genotype, seed, **length) for seed in range(arguments.seeds)]
        errors.append([value for value, _ in runs])
        sizes.append((convolutions(genotype), runs[0][1]))
        listed = ", ".join(f"{value:.1f}" for value in errors[-1])
        print(
            f"cell {cell}: {sizes[-1][0]} convolutions, {sizes[-1][1]:,} parameters: {listed} %", flush=True
        )
    table = np.array(errors)
    within = table.var(1, ddof=1).mean()
    between = max(table.mean(1).var(ddof=1) - within / arguments.seeds, 0)
    correlations = np.corrcoef(np.column_stack([table.mean(1), sizes]).T)[0, 1:]
    print(
        f"{arguments.task}: mean {table.mean():.2f} %, standard deviation between cells {between**0.5:.2f},"
        f" between seeds of a cell {within**0.5:.2f}; correlation of a cell's error with its convolutions"
        f" {correlations[0]:+.2f}, with its parameters {correlations[1]:+.2f}"
    )


if __name__ == "__main__":
    main()
