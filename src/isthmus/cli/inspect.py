"""`isthmus inspect`: pictures of a run's bridge."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app


@app.command()
def inspect(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the pictures; by default RUN/inspect.")] = None,
) -> None:
    """Look at the bridge: what was replaced, features in the plane, distances along k."""
    from isthmus.plots import inspect as look

    for file in look(run, out=out):
        typer.echo(file)
