"""`isthmus fit`: one run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isthmus.cli.app import RESUME, Set, app, resumable
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.tasks.custom import Description

TASK = "Name of a task; see `isthmus list tasks`."
BACKBONE = "Name, folder or hub name; by default swin-micro."
EMBEDDER = "How samples become tokens; by default patch."
SOURCE = "What is mixed in; by default what suits the backbone."
DEVICES = "How many to train on in parallel; by default 1."
DATA = "Your own: .npz, .h5, .csv, .parquet, a folder of classes, or a .yaml that describes it."
DESCRIBE = "A YAML file that says what is x, what is y, which kind of output."
RECIPE = "Published settings; see `isthmus list recipes`. What else is given is laid over them."
CONFIG = "A YAML file of settings, such as a run's config.yaml."


@app.command()
def fit(
    task: Annotated[str | None, typer.Argument(help=TASK)] = None,
    method: Annotated[str | None, typer.Option(help="What learns; by default pare.")] = None,
    backbone: Annotated[str | None, typer.Option(help=BACKBONE)] = None,
    embedder: Annotated[str | None, typer.Option(help=EMBEDDER)] = None,
    source: Annotated[str | None, typer.Option(help=SOURCE)] = None,
    seed: Annotated[int | None, typer.Option(help="Of every random draw; by default 0.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; by default under runs/.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help=RESUME)] = False,
    devices: Annotated[int | None, typer.Option(help=DEVICES)] = None,
    recipe: Annotated[str | None, typer.Option(help=RECIPE)] = None,
    config: Annotated[Path | None, typer.Option(help=CONFIG)] = None,
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    describe: Annotated[Path | None, typer.Option(help=DESCRIBE)] = None,
    settings: Set = None,
) -> None:
    """Train a method on a task, or on data of your own, and test it once, at the end."""
    from isthmus.config import assign, make_config, read_settings
    from isthmus.recipes import read as read_recipe

    own = _described(task, data, describe)
    named = {
        "task": task if own is None else own.name,
        "method": method,
        "backbone": backbone,
        "embedder": embedder,
        "source": source,
        "seed": seed,
        "devices": devices,
    }
    values = (read_recipe(recipe) if recipe else {}) | (read_settings(config) if config else {})
    values = assign(values | {k: v for k, v in named.items() if v is not None}, settings or [])
    if "task" not in values:
        raise InputError("give the name of a task; `isthmus list tasks` shows them")
    checked = make_config(values)
    if own is None and config and checked.data is not None:
        _check_known(checked.task, config)
    with resumable(*([] if resume else ["--resume"])):
        from isthmus.training import fit as train
        from isthmus.training.run_folder import default_folder

        if own is not None:
            from isthmus.tasks.custom import load

            values["task"] = load(own)
        run = train(**values, out=out or default_folder(checked), resume=resume)
    error = "no test data" if run.test_error is None else f"test {run.result['metric']} {run.test_error:.4f}"
    typer.echo(f"{error}  ({run.folder})")


def _described(task: str | None, data: Path | None, description: Path | None) -> "Description | None":
    """What the user's own data is; None if a task is asked for by name."""
    if data is None and description is None:
        return None
    if task is not None:
        raise InputError(
            f"give the name of a task, or data of your own, not both: '{task}', '{data or description}'"
        )
    from isthmus.tasks.custom import describe

    return describe(data, description)


def _check_known(task: str, config: Path) -> None:
    """A run's description has the name of its task; data of one's own must be given again."""
    from isthmus.tasks import tasks

    if task not in tasks:
        raise InputError(f"the task '{task}' of '{config}' is not known by name; give its data: --data FILE")
