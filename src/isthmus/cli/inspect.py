"""`isthmus inspect`: draw pictures of the intermediate modality of a run."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app
from isthmus.cli.names import check_run


@app.command()
def inspect(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the pictures; by default RUN/inspect.")] = None,
) -> None:
    """Draw pictures of a run: what was replaced, features in the plane, distances along k."""
    check_run(run)
    from isthmus.plots import inspect as look

    for file in look(run, out=out):
        typer.echo(file)
