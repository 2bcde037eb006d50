"""`isthmus list`: list the tasks, methods, backbones and other things that are chosen by name."""

from typing import Annotated

import typer

from isthmus.cli.app import app
from isthmus.cli.names import kinds
from isthmus.cli.tables import print_table
from isthmus.errors import unknown

KINDS = (
    "tasks, methods, backbones, embedders, augmentations, mixers, sources, schedules, loggers, floors,"
    " recipes or plugins"
)
FILTER = "List those alone that hold this text, in upper or lower case."


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help=KINDS, autocompletion=kinds)],
    filter: Annotated[str, typer.Option("--filter", metavar="TEXT", help=FILTER)] = "",
) -> None:
    """List everything of one kind that is chosen by name."""
    from isthmus.listing import LISTINGS, select

    if what not in LISTINGS:
        raise unknown("kind of thing to list", what, LISTINGS)
    print_table(*select(LISTINGS[what](), filter))
