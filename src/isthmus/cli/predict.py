"""`isthmus predict`: predict new samples with a trained run."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app
from isthmus.cli.names import check_run

SAMPLES = "Samples like those of the task, in any format that data is read from, with or without targets."
OUTPUT = "File for the predictions: .csv, .parquet, .npz or .npy."
PROBA = "Write the probability of each class, too."


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    input: Annotated[Path, typer.Argument(help=SAMPLES)],
    output: Annotated[Path, typer.Option("--output", "-o", help=OUTPUT)],
    proba: Annotated[bool, typer.Option("--proba", help=PROBA)] = False,
) -> None:
    """Predict new samples with a trained run, which reads them as it read its own data."""
    check_run(run)
    from isthmus.tasks.predictions import check_writable, write_predictions
    from isthmus.training import Run

    check_writable(output)
    predictions = Run(run).predict_file(input, probabilities=proba)
    write_predictions(output, predictions)
    typer.echo(f"{len(predictions.values)} predictions in {output}")
