"""`isthmus cite`: print the BibTeX of what a run used."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app
from isthmus.cli.names import check_run


@app.command()
def cite(run: Annotated[Path, typer.Argument(help="Folder of a finished run.")]) -> None:
    """Print the BibTeX of exactly what a run used: method, data, backbone, source and libraries."""
    check_run(run)
    from isthmus.reports import cite as bibtex_of

    typer.echo(bibtex_of(run), nl=False)
