"""`isthmus data`: the data of tasks, from published files to arrays that are ready to train on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isthmus.cli.app import app, print_table, resumable
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.store import DataSet

data = typer.Typer(no_args_is_help=True, help="Download, prepare and verify the data of tasks.")
app.add_typer(data, name="data")

Task = Annotated[str, typer.Argument(help="Name of a task; see `isthmus data list`.")]
Root = Annotated[
    Path | None,
    typer.Option(help="Folder of all data; by default $ISTHMUS_DATA, else the user's data folder."),
]


@data.command("list")
def list_(root: Root = None) -> None:
    """List the tasks whose data lies on a disk, and whether it is here."""
    from isthmus.store.verify import state
    from isthmus.tasks import tasks

    rows = []
    for name, entry in tasks.items():
        if entry.data is not None:
            has, here = entry.data, state(name, entry.data, root)
            rows.append((name, has.modality, entry.shape, _megabytes(has.size), has.licence, here))
    print_table(("task", "modality", "input -> output, samples", "size", "licence", "here"), rows)


@data.command()
def info(task: Task, root: Root = None) -> None:
    """Say what a task's data is, where it is from and where it belongs."""
    from isthmus.store import SYNTHETIC
    from isthmus.store.root import prepared, published
    from isthmus.store.verify import state
    from isthmus.tasks import tasks

    has, entry = _data_set(task), tasks[task]
    here = state(task, has, root)
    lines = [
        ("task", task),
        ("about", entry.about),
        ("modality", has.modality),
        ("shape", entry.shape),
        ("licence", has.licence),
        *(("reference", reference) for reference in has.citation),
        ("here", f"{here}: {SYNTHETIC}" if here == "synthetic" else here),
        ("published", str(published(task, root))),
        *(("", f"{f.name}, {_megabytes(f.size)}: {f.url}") for f in has.files if f.needed),
        ("prepared", str(prepared(task, root))),
        *(("note", note) for note in has.notes),
    ]
    for key, value in lines:
        typer.echo(f"{key:10} {value}")


@data.command()
def download(task: Task, root: Root = None) -> None:
    """Get a task's published files from their origin; goes on where it was cut off."""
    from isthmus.store.download import download as get

    with bar() as show, resumable():
        paths = get(task, _data_set(task), root, show)
    typer.echo(f"{sum(path.exists() for path in paths)} files in {paths[0].parent}")


@data.command()
def prepare(task: Task, root: Root = None) -> None:
    """Read the published files once, and write the arrays that training reads."""
    from isthmus.store.prepare import prepare as make

    with bar() as show, resumable():
        store = make(task, _data_set(task), root, lambda name, rows: show(name, rows, 0))
    typer.echo(f"{len(store.card.arrays)} arrays in {store.folder}")


@data.command()
def verify(task: Task, root: Root = None) -> None:
    """Check prepared data: counts, shapes, dtypes, ranges of values and labels, hashes."""
    from isthmus.store import SYNTHETIC
    from isthmus.store.verify import state
    from isthmus.store.verify import verify as check
    from isthmus.tasks import load_task

    data = _data_set(task)
    with bar() as show:
        short = check(task, data, root, lambda name, rows: show(name, rows, 0))
    load_task(task, root)  # what fits the arrays one by one may not fit together
    synthetic = f" ({SYNTHETIC})" if state(task, data, root) == "synthetic" else ""
    typer.echo("\n".join([f"{task} is intact{synthetic}", *short]))


@data.command()
def synth(
    task: Task,
    root: Root = None,
    samples: Annotated[int, typer.Option(help="Of each split.")] = 32,
    seed: Annotated[int, typer.Option(help="Of all draws.", min=0)] = 0,
) -> None:
    """Write a small synthetic stand-in of the data: noise of the same shapes, called synthetic everywhere."""
    from isthmus.store.prepare import synth as make

    store = make(task, _data_set(task), root, samples=samples, seed=seed)
    typer.echo(f"synthetic stand-in for {task} in {store.folder}")


def _data_set(task: str) -> "DataSet":
    """What a task has on a disk."""
    from isthmus.tasks import tasks

    data = tasks[task].data
    if data is None:
        raise InputError(f"the data of '{task}' comes inside a package; there is nothing to do")
    return data


def _megabytes(size: int) -> str:
    return f"{size / 1000:.1f} GB" if size >= 1000 else f"{size} MB"


@contextmanager
def bar() -> Iterator[Callable[[str, int, int], None]]:
    """A line on the terminal that shows how far something is: show(what, done, of how many or 0)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        line = bar.add_task("", figures="")

        def show(what: str, done: int, total: int) -> None:
            figures = f"{done:,} of {total:,}" if total else f"{done:,}"
            bar.update(line, description=what, completed=done, total=total or None, figures=figures)

        yield show
