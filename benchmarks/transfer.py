"""Do the embedded weights transfer, and does PaRe help?

Real tasks x (scratch, nft, pare) x seeds on swin-micro, the same budget of optimiser steps for all. The
embedder of each task is chosen first, by the mean validation error of nft over seeds of its own (validation
data is cut from the training data; ties go to the lower validation loss); test data is read once a run, at
its end.
Runs are kept in a folder: finished ones are not repeated. Prints the tables of docs/results.md.
"""

import argparse
import csv
import os
import statistics
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

TASKS = ("digits100", "ArrowHead", "OSULeaf", "PickupGestureWiimoteZ", "ACSF1", "GunPoint")
EMBEDDERS = ("patch", "picture")
METHODS = ("scratch", "nft", "pare")
Job = tuple[str, str, str, int, float]  # task, embedder, method, seed, validation share


def run(job: Job, out: Path, epochs: int) -> Path:
    """Fit one job in a folder of its own, or find it done."""
    import isthmus

    task, embedder, method, seed, validation = job
    stage = "choose" if validation else "final"
    folder = out / stage / f"{task}-{embedder}-{method}-{seed}"
    settings = {"epochs": epochs, "validation": validation}
    isthmus.fit(task, method=method, embedder=embedder, seed=seed, out=folder, resume=True, **settings)
    print(folder.name, isthmus.Run(folder).test_error if not validation else "", flush=True)
    return folder


def run_all(jobs: Iterable[Job], out: Path, epochs: int, processes: int) -> list[Path]:
    """Fit all jobs, several at a time, one thread each."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return [done.result() for done in [pool.submit(run, job, out, epochs) for job in jobs]]


def last_validation(folder: Path) -> tuple[float, float]:
    """Validation error and loss of the last epoch."""
    with open(folder / "metrics.csv", newline="") as file:
        row = list(csv.DictReader(file))[-1]
    return float(row["val_error"]), float(row["val_loss"])


def choose(out: Path, epochs: int, processes: int, seeds: int) -> dict[str, str]:
    """The embedder of each task, and a table of why."""
    jobs = [(t, e, "nft", 100 + s, 0.25) for t in TASKS for e in EMBEDDERS for s in range(seeds)]
    folders = dict(zip(jobs, run_all(jobs, out, epochs, processes), strict=True))
    chosen = {}
    print("\n| task | " + " | ".join(EMBEDDERS) + " |\n| --- |" + " --- |" * len(EMBEDDERS))
    for task in TASKS:
        means = {}
        for embedder in EMBEDDERS:
            found = [last_validation(folders[job]) for job in jobs if job[:2] == (task, embedder)]
            means[embedder] = tuple(statistics.mean(part) for part in zip(*found, strict=True))
        chosen[task] = min(EMBEDDERS, key=lambda embedder: means[embedder])
        cells = [f"{100 * means[e][0]:.1f}" for e in EMBEDDERS]
        cells = [f"**{c}**" if e == chosen[task] else c for e, c in zip(EMBEDDERS, cells, strict=True)]
        print(f"| {task} | " + " | ".join(cells) + " |")
    return chosen


def table(chosen: dict[str, str], out: Path, seeds: int) -> None:
    """Test errors, mean and standard deviation over seeds, and mean ranks."""
    from isthmus import Run

    print("\n| task | embedder | " + " | ".join(METHODS) + " |\n| --- | --- |" + " --- |" * len(METHODS))
    ranks: dict[str, list[float]] = {method: [] for method in METHODS}
    for task, embedder in chosen.items():
        errors = {
            m: [
                100 * (Run(out / "final" / f"{task}-{embedder}-{m}-{s}").test_error or 0)
                for s in range(seeds)
            ]
            for m in METHODS
        }
        means = {m: statistics.mean(values) for m, values in errors.items()}
        for method in METHODS:
            better = sum(means[o] < means[method] for o in METHODS)
            equal = sum(means[o] == means[method] for o in METHODS)
            ranks[method].append(better + (equal + 1) / 2)
        cells = [f"{means[m]:.1f} +- {statistics.stdev(errors[m]):.1f}" for m in METHODS]
        best = min(means, key=lambda m: means[m])
        cells = [f"**{c}**" if m == best else c for m, c in zip(METHODS, cells, strict=True)]
        print(f"| {task} | {embedder} | " + " | ".join(cells) + " |")
    print("| mean rank | | " + " | ".join(f"{statistics.mean(ranks[m]):.2f}" for m in METHODS) + " |")


def main() -> None:
    """Choose, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/transfer"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--choosing-seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    budget = (arguments.out, arguments.epochs, arguments.processes)
    chosen = choose(*budget, arguments.choosing_seeds)
    jobs = [(t, e, m, s, 0.0) for t, e in chosen.items() for m in METHODS for s in range(arguments.seeds)]
    run_all(jobs, *budget)
    table(chosen, arguments.out, arguments.seeds)


if __name__ == "__main__":
    main()
