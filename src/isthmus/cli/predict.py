"""`isthmus predict`: predict new samples with a trained run."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app

SAMPLES = "Samples like those of the task: .npy, .npz with x, or .csv (one row for each sample)."


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    input: Annotated[Path, typer.Argument(help=SAMPLES)],
    output: Annotated[Path, typer.Option("--output", "-o", help="File for the predictions: .csv or .npy.")],
) -> None:
    """Predict new samples with a trained run."""
    from isthmus.tasks.sample_files import check_writable, read_samples, write_predictions
    from isthmus.training import Run

    samples = read_samples(input)
    check_writable(output)
    predictions = Run(run).predict(samples)
    write_predictions(output, predictions)
    typer.echo(f"{len(predictions)} predictions in {output}")
