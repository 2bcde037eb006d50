"""`isthmus export`: write a run's network in a format of other programs."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app, suggest
from isthmus.cli.names import check_run


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    to: Annotated[str, typer.Option(help="Format: onnx.")] = "onnx",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File; by default RUN/model.onnx.")
    ] = None,
) -> None:
    """Export the network of a run to a file that predicts without torch."""
    check_run(run)
    from isthmus.exports import export as write

    path = write(run, to, output)
    typer.echo(path)
    suggest(["predict", path, "NEWFILE", "-o", "predictions.csv"])
