"""`isthmus tune`: search for the best settings."""

from pathlib import Path
from typing import Annotated, Any

import typer

from isthmus.cli.app import app, resumable, suggest, tells_more
from isthmus.cli.custom_data import DATA, DESCRIBE, described_data, no_task
from isthmus.cli.executors import CLUSTER, ON, executor_named
from isthmus.cli.names import check_names, check_task, task_names
from isthmus.cli.panel import print_panel
from isthmus.config.cli import Set, setting_options
from isthmus.config.description_options import description_options
from isthmus.progress import progress

TASK = "Name of a task; see `isthmus list tasks`."
TRIALS = "Number of trials, of all processes that search in the folder together."
SEARCH = (
    "What is searched: lr=1e-5..1e-3, batch_size=[8,16], method.start=0.2..0.8, or the name of a setting with"
    " few values. By default what is usual."
)
OUT = "Folder of the search; by default under runs/. One that was cut off goes on."
PROCESSES = "Number of processes that share the trials."
DRY_RUN = "Show what is searched, and stop."
SHOWN = 5
"""Trials of the table at the end"""


@app.command()
@description_options
@setting_options(except_for=frozenset({"devices", "nodes"}))
def tune(
    task: Annotated[str | None, typer.Argument(help=TASK, autocompletion=task_names)] = None,
    trials: Annotated[int, typer.Option(help=TRIALS)] = 40,
    search: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUES", help=SEARCH)] = None,
    out: Annotated[Path | None, typer.Option(help=OUT)] = None,
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    describe: Annotated[Path | None, typer.Option(help=DESCRIBE)] = None,
    on: Annotated[str, typer.Option(help=ON)] = "local",
    cluster: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help=CLUSTER)] = None,
    processes: Annotated[int, typer.Option(help=PROCESSES)] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=DRY_RUN)] = False,
    assignments: Set = None,
    *,
    settings: dict[str, Any],
    described: dict[str, Any],
) -> None:
    """Search for the settings with the least validation error; test data is never looked at."""
    from isthmus.config import assign, make_config

    place = executor_named(on, cluster or ())
    own = described_data(task, data, describe, described)
    if own is None and task is None:
        raise no_task()
    values = assign(settings, assignments or [])
    check_names(make_config({"task": "", **values}))
    known: Any = task
    if own is not None:
        from isthmus.tasks.custom import load

        known = load(own)
    else:
        check_task(str(task))
    with resumable():
        with progress("search"):
            from isthmus.tuning.processes import search_in
            from isthmus.tuning.search import plan_search
            from isthmus.tuning.space import assigned
        search_all = search_in(place, processes)
        searched = assigned(search) if search else None
        planned = plan_search(known, search=searched, out=out, **values)
        if dry_run or tells_more():
            print_panel([*planned.rows(), ("folder", str(planned.study.folder))], to_stderr=not dry_run)
        if dry_run:
            return
        found = search_all(planned, trials)
    _print_trials(found)
    if found.error is not None:
        again = ["--data", data] if data else ["--describe", describe] if describe else [task]
        suggest(["fit", *again, "--config", found.folder / "best.yaml"])


def _print_trials(found: Any) -> None:
    """Print the best trials, and where the best settings are."""
    from isthmus.cli.tables import print_table

    ranked = found.ranked()
    if ranked:
        names = [name for name in ranked[0] if name not in ("state", "number", "error")]
        rows = [
            [str(row["number"]), f"{row['error']:.4f}", *(_short(row[name]) for name in names)]
            for row in ranked[:SHOWN]
        ]
        print_table(["trial", "validation error", *names], rows)
        typer.echo(f"best settings: {found.folder / 'best.yaml'}")
    states = [row["state"] for row in found.trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted({*states}))
    typer.echo(f"{len(states)} trials: {counts}  ({found.folder})")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
