"""`isthmus predict`: what a trained run says of new samples."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app

SAMPLES = "Samples like the task's: .npy, .npz with x, or .csv (a row each)."


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    input: Annotated[Path, typer.Argument(help=SAMPLES)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where predictions go: .csv or .npy.")],
) -> None:
    """Predict with a trained run."""
    from isthmus.tasks.sample_files import check_writable, read_samples, write_predictions
    from isthmus.training import Run

    samples = read_samples(input)
    check_writable(output)
    predictions = Run(run).predict(samples)
    write_predictions(output, predictions)
    typer.echo(f"{len(predictions)} predictions in {output}")
