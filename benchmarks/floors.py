"""Would something simpler do? `isthmus fit` with its defaults against the floors, on twelve small real tasks.

Series of the UCR, UEA and TSER archives that come with aeon, pictures and tables that come with scikit-learn.
The rival of a run is the floor of the least cross-validated error on its training samples. Prints a Markdown
table with a row for each task, and how often the run is better, worse, or not told apart.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from sklearn import datasets
from sklearn.model_selection import train_test_split

from isthmus import Run, Task, fit, load_task

ARCHIVES = (
    "ACSF1",
    "ArrowHead",
    "Covid3Month",
    "GunPoint",
    "ItalyPowerDemand",
    "JapaneseVowels",
    "OSULeaf",
    "PickupGestureWiimoteZ",
)
HEADER = ("task", "metric", "run", "best floor", "its error", "run - floor", "verdict", "run s", "floors s")
SMALLEST = {"tasks": ["wine"], "epochs": 1, "epoch_steps": 1, "kept": {"backbone": "swin-micro"}}


def table(name: str, load: Callable[[], Any]) -> Task:
    """Make a task of a table, a third of its rows for the test."""
    found = load()
    is_class = name != "diabetes"
    x_train, x_test, y_train, y_test = train_test_split(
        found.data, found.target, test_size=1 / 3, random_state=0, stratify=found.target if is_class else None
    )
    kind = "classification" if is_class else "regression"
    return Task.from_arrays(x_train, y_train, x_test, y_test, kind=kind, name=name)


TASKS: dict[str, Callable[[], Task]] = {
    **{name: partial(load_task, name) for name in ARCHIVES},
    "digits": partial(load_task, "digits"),
    "wine": partial(table, "wine", datasets.load_wine),
    "breast-cancer": partial(table, "breast-cancer", datasets.load_breast_cancer),
    "diabetes": partial(table, "diabetes", datasets.load_diabetes),
}


def row(name: str, run: Run) -> tuple[str, ...]:
    """Describe a run beside its best floor."""
    found = run.floors
    assert found is not None
    assert found.difference is not None
    assert found.interval is not None
    assert found.difference_interval is not None
    return (
        name,
        found.metric,
        f"{found.error:.3g} {_told(found.interval)}",
        found.best,
        f"{found.floors[found.best].error:.3g}",
        f"{found.difference:.3g} {_told(found.difference_interval)}",
        verdict(found.difference_interval),
        f"{run.seconds:.0f}",
        f"{sum(found.seconds.values()):.1f}",
    )


def verdict(interval: tuple[float, float]) -> str:
    """Say which of the two is better, if the interval of the difference tells."""
    low, high = interval
    return "floor" if low > 0 else "run" if high < 0 else "level"


def markdown(cells: Iterable[str]) -> str:
    """Format a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def _told(interval: tuple[float, float]) -> str:
    return f"[{interval[0]:.3g}, {interval[1]:.3g}]"


def main() -> None:
    """Make the runs and print the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), metavar="TASK")
    parser.add_argument("--method", default="pare")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="by default those of isthmus fit")
    parser.add_argument("--epoch-steps", type=int, help="by default those of isthmus fit")
    parser.add_argument(
        "--out", type=Path, help="folder that keeps the runs; what is finished is not repeated"
    )
    parser.add_argument("--smallest", action="store_true", help="one task and one step")
    asked = parser.parse_args()
    if asked.smallest:
        vars(asked).update(SMALLEST)
    settings = {"epochs": asked.epochs, "epoch_steps": asked.epoch_steps}
    given = {name: value for name, value in settings.items() if value is not None} | vars(asked).get(
        "kept", {}
    )
    counts: Counter[str] = Counter()
    print(markdown(HEADER), markdown("---" for _ in HEADER), sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        for name in asked.tasks:
            out = (asked.out or Path(temporary)) / name
            run = fit(TASKS[name](), method=asked.method, seed=asked.seed, out=out, resume=True, **given)
            cells = row(name, run)
            counts[cells[HEADER.index("verdict")]] += 1
            print(markdown(cells), flush=True)
    print(f"\nrun better on {counts['run']}, floor on {counts['floor']}, not told apart on {counts['level']}")


if __name__ == "__main__":
    main()
