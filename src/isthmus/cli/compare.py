"""`isthmus compare`: make a grid of runs, and its tables."""

from pathlib import Path
from typing import Annotated, Any

import typer

from isthmus.cli.app import app, resumable, suggest, tells_more
from isthmus.cli.custom_data import DATA, DESCRIBE, described_data
from isthmus.cli.executors import CLUSTER, ON, executor_named
from isthmus.cli.names import check_grid, task_names
from isthmus.cli.panel import print_panel
from isthmus.cli.tables import print_comparison
from isthmus.config.cli import Set, setting_options
from isthmus.config.schema import SET_BY_GRID
from isthmus.errors import InputError
from isthmus.progress import progress

TASKS = "Names of tasks; see `isthmus list tasks`."
METHODS = "Names of methods, comma-separated; by default scratch,nft,pare."
BACKBONES = "Names, folders or hub names, comma-separated; by default efficientnet-lite0."
SEEDS = "Seeds, comma-separated, or a number of seeds, counted from 0; by default 3."
REFERENCE = "Label of the method that the others are tested against; by default the first."
OUT = "Folder of the grid; by default under runs/. A grid that was cut off goes on."
CONFIG = "YAML file of a grid, such as a grid.yaml; options replace what it says."
PRESET = "Published table whose methods and tasks to take: table1, table2, table4 or table5."
PROCESSES = (
    "Number of runs at a time; by default one for each GPU, or for each core where there is no GPU; on a"
    " cluster, as many as it lets begin."
)

DRY_RUN = "Show what will run, and stop."


@app.command()
@setting_options(except_for=frozenset(SET_BY_GRID))
def compare(
    tasks: Annotated[list[str] | None, typer.Argument(help=TASKS, autocompletion=task_names)] = None,
    methods: Annotated[str | None, typer.Option(help=METHODS)] = None,
    backbones: Annotated[str | None, typer.Option(help=BACKBONES)] = None,
    seeds: Annotated[str | None, typer.Option(help=SEEDS)] = None,
    reference: Annotated[str | None, typer.Option(help=REFERENCE)] = None,
    out: Annotated[Path | None, typer.Option(help=OUT)] = None,
    config: Annotated[Path | None, typer.Option(help=CONFIG)] = None,
    preset: Annotated[str | None, typer.Option(help=PRESET)] = None,
    processes: Annotated[int | None, typer.Option(help=PROCESSES)] = None,
    on: Annotated[str, typer.Option(help=ON)] = "local",
    cluster: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help=CLUSTER)] = None,
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    describe: Annotated[Path | None, typer.Option(help=DESCRIBE)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=DRY_RUN)] = False,
    assignments: Set = None,
    *,
    settings: dict[str, Any],
) -> None:
    """Train every method on every task, with every backbone and seed, and make the tables."""
    from isthmus.config import assign, make_config

    values = assign(settings, assignments or [])
    make_config({"task": "", **values})
    check_grid(tasks or (), _listed(methods) or (), config)
    place = executor_named(on, cluster or ())
    own = described_data(None, data, describe, {})
    axes: dict[str, Any] = {
        "methods": _listed(methods),
        "backbones": _listed(backbones),
        "seeds": _numbers(seeds),
        "reference": reference,
        "out": out,
        "config": config,
        "preset": preset,
    }
    with resumable():
        with progress("comparison"):
            from isthmus.bench import compare as run_grid

        every: list[Any] = list(tasks or [])
        if own is not None:
            from isthmus.tasks.custom import load

            task = load(own)
            assert task.origin is not None
            if tells_more():
                print_panel(task.origin.understood.rows(), to_stderr=True)
            every.append(task)
        if dry_run:
            from isthmus.bench.compare import plan_grid

            print_panel(plan_grid(every or None, **axes, **values).rows())
            return
        comparison = run_grid(every or None, processes=processes, on=place, **axes, **values)
    print_comparison(comparison)
    suggest(["report", comparison.folder])


def _listed(words: str | None) -> list[str] | None:
    return None if words is None else [word.strip() for word in words.split(",") if word.strip()]


def _numbers(words: str | None) -> int | list[int] | None:
    """Return the seeds in `0,1,2`, or a number of seeds."""
    numbers = _listed(words)
    if numbers is None or words is None:
        return None
    for number in numbers:
        if not number.isdecimal():
            raise InputError(
                f"--seeds holds '{number}'; give numbers such as 0,1,2, or how many", key="seeds"
            )
    return [int(number) for number in numbers] if "," in words else int(words)
