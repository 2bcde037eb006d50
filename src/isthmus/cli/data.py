"""`isthmus data`: get and check the data of tasks and sources."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import App, app, resumable, suggest
from isthmus.cli.names import data_names
from isthmus.cli.tables import print_table

data = App(no_args_is_help=True, help="Download, prepare and verify the data of tasks and sources.")
app.add_typer(data, name="data")

FILTER = "List those alone that hold this text, in upper or lower case."
NAME = "Name of a task or a source; see `isthmus data list`."
Name = Annotated[str, typer.Argument(help=NAME, autocompletion=data_names)]
Root = Annotated[
    Path | None,
    typer.Option(help="Folder of all data; by default $ISTHMUS_DATA, else the user's data folder."),
]


@data.command("list")
def list_(
    root: Root = None,
    filter: Annotated[str, typer.Option("--filter", metavar="TEXT", help=FILTER)] = "",
) -> None:
    """List the tasks and sources that need data on a disk, and whether it is there."""
    from isthmus.datasets import datasets
    from isthmus.listing import select
    from isthmus.store.verify import state

    rows = []
    for name, entry in datasets().items():
        stored = entry.require_data()
        size, here = _megabytes(stored.size), state(name, stored, root)
        rows.append((name, stored.modality, entry.shape, size, stored.licence, here))
    header = ("name", "modality", "input -> output, samples", "size", "licence", "here")
    print_table(*select((header, rows), filter))


@data.command()
def info(name: Name, root: Root = None) -> None:
    """Show the licence, the references, the origin and the folders of a data set."""
    from isthmus.datasets import find
    from isthmus.store import SYNTHETIC
    from isthmus.store.paths import prepared, published
    from isthmus.store.verify import state

    entry = find(name)
    name, stored = entry.name, entry.require_data()
    here = state(name, stored, root)
    lines = [
        ("name", name),
        ("about", entry.about),
        ("modality", stored.modality),
        ("shape", entry.shape),
        ("licence", stored.licence),
        *(("reference", reference) for reference in stored.citation),
        ("here", f"{here}: {SYNTHETIC}" if here == "synthetic" else here),
        ("published", str(published(name, root))),
        *(("", f"{f.name}, {_megabytes(f.size)}: {f.url}") for f in stored.files if f.needed),
        ("prepared", str(prepared(name, root))),
        *(("note", note) for note in stored.notes),
    ]
    for key, value in lines:
        typer.echo(f"{key:10} {value}")


@data.command()
def download(name: Name, root: Root = None) -> None:
    """Download the published files; a download that was cut off goes on."""
    from isthmus.datasets import find
    from isthmus.store.download import download as get

    with bar() as show, resumable():
        entry = find(name)
        paths = get(entry.name, entry.require_data(), root, show)
    typer.echo(f"{sum(path.exists() for path in paths)} files in {paths[0].parent}")
    suggest(["data", "prepare", name, *root_option(root)])


@data.command()
def prepare(name: Name, root: Root = None) -> None:
    """Read the published files once and write the arrays that training reads."""
    from isthmus.datasets import find
    from isthmus.store.prepare import prepare as make

    with bar() as show, resumable():
        entry = find(name)
        store = make(entry.name, entry.require_data(), root, lambda array, rows: show(array, rows, 0))
    typer.echo(f"{len(store.manifest.arrays)} arrays in {store.folder}")
    suggest(["data", "verify", name, *root_option(root)])


@data.command()
def verify(name: Name, root: Root = None) -> None:
    """Check prepared data: counts, shapes, dtypes, ranges of values and labels, hashes."""
    from isthmus.datasets import find
    from isthmus.store import SYNTHETIC
    from isthmus.store.verify import state
    from isthmus.store.verify import verify as check

    entry = find(name)
    name, stored = entry.name, entry.require_data()
    with bar() as show:
        short = check(name, stored, root, lambda array, rows: show(array, rows, 0))
    entry.load(root)  # arrays that are right by themselves may still not fit together
    synthetic = f" ({SYNTHETIC})" if state(name, stored, root) == "synthetic" else ""
    typer.echo("\n".join([f"{name} is intact{synthetic}", *short]))


@data.command()
def mock(
    name: Name,
    root: Root = None,
    samples: Annotated[int, typer.Option(help="Samples of each split.")] = 32,
    seed: Annotated[int, typer.Option(help="Seed of every random draw.", min=0)] = 0,
) -> None:
    """Write a small synthetic stand-in: noise of the same shapes, marked as synthetic everywhere."""
    from isthmus.datasets import find
    from isthmus.store.prepare import mock as make

    entry = find(name)
    store = make(entry.name, entry.require_data(), root, samples=samples, seed=seed)
    typer.echo(f"synthetic stand-in for {entry.name} in {store.folder}")


def root_option(root: Path | None) -> list[str]:
    """Return the option for a folder of all data, as it was given."""
    return [] if root is None else ["--root", str(root)]


def _megabytes(size: int) -> str:
    """Return a size in MB as text."""
    return f"{size / 1000:.1f} GB" if size >= 1000 else f"{size} MB"


@contextmanager
def bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show progress in a line of the terminal: yield show(what, done, total), total 0 if unknown."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[figures]}", markup=False),
    )
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        line = bar.add_task("", figures="")

        def show(what: str, done: int, total: int) -> None:
            figures = f"{done:,} of {total:,}" if total else f"{done:,}"
            bar.update(line, description=what, completed=done, total=total or None, figures=figures)

        yield show
