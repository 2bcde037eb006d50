"""`isthmus list`: what there is of a kind."""

import sys
from typing import Annotated

import typer

from isthmus.cli.app import app
from isthmus.errors import unknown

KINDS = "tasks, methods, backbones, embedders, augmentations, mixers or sources"


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help=KINDS)],
) -> None:
    """List what there is of a kind."""
    from isthmus.catalogue import CATALOGUE

    if what not in CATALOGUE:
        raise unknown("kind of thing to list", what, CATALOGUE)
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    header, rows = CATALOGUE[what]()
    for column in header:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
