"""The main command `isthmus`, and what several commands share."""

import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # names of options are never cut off
    help="Cross from a pretrained transformer's modality to yours, through intermediate modalities.",
)

RESUME = "Go on where the training was cut off; begin if there is nothing yet."


@contextmanager
def resumable(*more: str) -> Iterator[None]:
    """At Ctrl-C, print the command that goes on, and exit with code 130.

    Args:
        *more: Words that this command needs in addition in order to go on.
    """
    try:
        yield
    except KeyboardInterrupt:
        words = shlex.join([*sys.argv[1:], *more])
        typer.echo(f"isthmus: interrupted; go on with: isthmus {words}", err=True)
        raise typer.Exit(130) from None


def print_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print rows under a header, 160 characters wide where there is no terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in header:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
