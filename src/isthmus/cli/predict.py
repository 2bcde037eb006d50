"""`isthmus predict`: predict new samples with a trained run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isthmus.cli.app import app
from isthmus.cli.names import check_predictor, is_cross_validation

if TYPE_CHECKING:
    from isthmus.exports import ExportedNet
    from isthmus.training.predicting import Predicting

RUN = "Folder of a finished run or cross-validation, or an .onnx file that `isthmus export` wrote."
SAMPLES = "Samples like those of the task, in any format that data is read from, with or without targets."
OUTPUT = "File for the predictions: .csv, .parquet, .npz or .npy."
PROBA = "Write the probability of each class, too."


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help=RUN)],
    input: Annotated[Path, typer.Argument(help=SAMPLES)],
    output: Annotated[Path, typer.Option("--output", "-o", help=OUTPUT)],
    proba: Annotated[bool, typer.Option("--proba", help=PROBA)] = False,
) -> None:
    """Predict new samples with a trained run, which reads them as it read its own data."""
    is_exported = run.suffix == ".onnx" and not run.is_dir()
    if not is_exported:
        check_predictor(run)
    from isthmus.tasks.predictions import check_writable, write_predictions

    check_writable(output)
    predictions = (_exported if is_exported else _trained)(run).predict_file(input, probabilities=proba)
    write_predictions(output, predictions)
    typer.echo(f"{len(predictions.values)} predictions in {output}")


def _trained(folder: Path) -> "Predicting":
    """Open a run or a cross-validation."""
    if is_cross_validation(folder):
        from isthmus.cross_validation import CrossValidation

        return CrossValidation(folder)
    from isthmus.training import Run

    return Run(folder)


def _exported(file: Path) -> "ExportedNet":
    """Open an exported network; torch is not imported."""
    from isthmus.exports import ExportedNet

    return ExportedNet(file)
