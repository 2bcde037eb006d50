"""`isthmus list`: list the tasks, methods, backbones and other things that are chosen by name."""

from typing import Annotated

import typer

from isthmus.cli.app import app, print_table
from isthmus.errors import unknown

KINDS = "tasks, methods, backbones, embedders, augmentations, mixers, sources, schedules or recipes"


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help=KINDS)],
) -> None:
    """List everything of one kind that is chosen by name."""
    from isthmus.listing import LISTINGS

    if what not in LISTINGS:
        raise unknown("kind of thing to list", what, LISTINGS)
    print_table(*LISTINGS[what]())
