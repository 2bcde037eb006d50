"""`isthmus report`: make the tables of a grid again."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app

INTO = "Markdown file to put the tables in, between <!-- isthmus report NAME --> and <!-- end of report -->."
REFERENCE = "Label of the method that the others are tested against; by default the grid's."


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a grid.")],
    into: Annotated[Path | None, typer.Option(help=INTO)] = None,
    reference: Annotated[str | None, typer.Option(help=REFERENCE)] = None,
) -> None:
    """Make the tables of a grid again from its run folders."""
    from isthmus.bench import report as make_tables

    typer.echo(make_tables(folder, into=into, reference=reference))
