"""`isthmus report`: write the report of a run or a grid."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app
from isthmus.cli.tables import print_comparison

INTO = "Markdown file to put the tables in, between <!-- isthmus report NAME --> and <!-- end of report -->."
REFERENCE = "Label of the method that the others are tested against; by default the grid's."


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a run or a grid.")],
    into: Annotated[Path | None, typer.Option(help=INTO)] = None,
    reference: Annotated[str | None, typer.Option(help=REFERENCE)] = None,
) -> None:
    """Write the report of a run or a grid: a page, its figures, and a grid's tables."""
    from isthmus.bench import Comparison
    from isthmus.reports import page_of
    from isthmus.reports import report as write_report

    found = write_report(folder, into=into, reference=reference)
    if isinstance(found, Comparison):
        print_comparison(found)
    typer.echo(f"page: {page_of(folder)}")
