"""`isthmus fit`: make one run."""

from pathlib import Path
from typing import Annotated, Any

import typer

from isthmus.cli.app import RESUME, app, resumable, suggest, tells_more
from isthmus.cli.custom_data import DATA, DESCRIBE, described_data, no_task, task_and_data
from isthmus.cli.folds import cross_validate
from isthmus.cli.names import check_names, check_task, task_names
from isthmus.cli.panel import print_panel
from isthmus.config.cli import Set, setting_options
from isthmus.config.description_options import description_options
from isthmus.errors import InputError
from isthmus.progress import progress

TASK = "Name of a task; see `isthmus list tasks`."
FLOOR = "Fit simple predictors too, and tell whether one does better (default: unless there is a recipe)."
RECIPE = "Published settings; see `isthmus list recipes`. Other options replace what they say."
CONFIG = "YAML file of settings, such as the config.yaml of a run; options replace what it says."
FOLDS = (
    "Cross-validate: train once for each of so many folds of the training data without it, and predict it;"
    " the folds together predict as one."
)
DRY_RUN = "Show what will run and about how long it takes, and stop."


@app.command()
@description_options
@setting_options()
def fit(
    task: Annotated[str | None, typer.Argument(help=TASK, autocompletion=task_names)] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; by default under runs/.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help=RESUME)] = False,
    floor: Annotated[bool | None, typer.Option("--floor/--no-floor", help=FLOOR, show_default=False)] = None,
    recipe: Annotated[str | None, typer.Option(help=RECIPE)] = None,
    config: Annotated[Path | None, typer.Option(help=CONFIG)] = None,
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    describe: Annotated[Path | None, typer.Option(help=DESCRIBE)] = None,
    folds: Annotated[int | None, typer.Option(help=FOLDS, show_default=False)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=DRY_RUN)] = False,
    assignments: Set = None,
    *,
    settings: dict[str, Any],
    described: dict[str, Any],
) -> None:
    """Train a method on a task, or on data of your own, and test it once, at the end."""
    from isthmus.config import make_config

    own = described_data(task, data, describe, described)
    for assignment in assignments or []:
        if own is not None and assignment.partition("=")[0] == "task":
            raise task_and_data(assignment, own.data)
    name = task if own is None else own.name
    given = settings if name is None else {"task": name} | settings
    values = _layered(recipe, config, given, assignments or [])
    if "task" not in values:
        raise no_task()
    checked = make_config(values)
    check_names(checked)
    if own is not None:
        from isthmus.tasks.custom import load

        values["task"] = load(own)
    elif config and checked.data.fingerprint is not None:
        _check_known(checked.task, config)
    else:
        check_task(checked.task)
    floor = recipe is None if floor is None else floor
    if folds is not None:
        cross_validate(values, folds=folds, out=out, floor=floor, dry_run=dry_run)
        return
    title = f"{checked.method['name']} on {checked.task}"
    with resumable(*([] if resume else ["--resume"])), progress(title):
        from isthmus.training import fit as train

        if own is not None and tells_more():
            _announce(values, out, resume)
        if dry_run:
            _estimate(values, out, resume)
            return
        run = train(**values, out=out, resume=resume, floor=floor)
    if run.floors is not None:
        from isthmus.cli.tables import print_table

        print_table(*run.floors.table(run.seconds))
        typer.echo(run.floors.verdict)
    error = "no test data" if run.test_error is None else f"test {run.result['metric']} {run.test_error:.4f}"
    typer.echo(f"{error}  ({run.folder})")
    suggest(["report", run.folder], ["predict", run.folder, "NEWFILE", "-o", "predictions.csv"])


def _layered(
    recipe: str | None, config: Path | None, given: dict[str, Any], assignments: list[str]
) -> dict[str, Any]:
    """Return the settings of a recipe, then those of a file, then those that were given, each over the last.

    What recipe and file have for their own method is left out where another method was given.
    """
    from isthmus.config import assign, read_yaml
    from isthmus.recipes import read as read_recipe

    file = read_recipe(recipe) if recipe else {}
    if config:
        read_yaml(config)  # before what reads it further is imported
        from isthmus.config.layers import read_used_settings

        file |= read_used_settings(config)
    values = assign(file | given, assignments)
    if file:
        from isthmus.config.layers import without_unused

        values = without_unused(values, file)
    return values


def _announce(values: dict[str, Any], out: Path | None, resume: bool) -> None:
    """Print what was understood of the user's data and what will run, before the first weight is loaded."""
    from isthmus.training.plan import plan

    planned = plan(**values, out=out, resume=resume)
    assert planned.run.task.origin is not None
    print_panel([*planned.run.task.origin.understood.rows(), *planned.rows()], to_stderr=True)


def _estimate(values: dict[str, Any], out: Path | None, resume: bool) -> None:
    """Print what will run, and about how long it takes."""
    from isthmus.training.plan import estimate, plan

    planned = plan(**values, out=out, resume=resume)
    print_panel([*planned.rows(), *estimate(planned)])


def _check_known(task: str, config: Path) -> None:
    """Raise InputError if a task is not known by name, so that its data must be given again."""
    from isthmus.tasks import tasks

    if task not in tasks:
        raise InputError(
            f"the task '{task}' of '{config}' is not known by name; give its data: --data FILE",
            kind="missing",
            key="data",
        )
