"""`isthmus inspect`: draw pictures of the intermediate modality of a run."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app
from isthmus.cli.custom_data import DATA, DESCRIBE, described_data
from isthmus.cli.names import check_run


@app.command()
def inspect(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path | None, typer.Option(help="Folder of the pictures; by default RUN/inspect.")] = None,
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    describe: Annotated[Path | None, typer.Option(help=DESCRIBE)] = None,
) -> None:
    """Draw pictures of a run: what was replaced, features in the plane, distances along k."""
    check_run(run)
    remembered = run / "description.yaml"
    own = described_data(None, data, describe or (remembered if data and remembered.is_file() else None), {})
    from isthmus.plots import inspect as look

    task = None
    if own is not None:
        from isthmus.tasks.custom import load

        task = load(own)
    for file in look(run, task, out=out):
        typer.echo(file)
