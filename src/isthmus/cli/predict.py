"""`isthmus predict`: predict new samples with a trained run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isthmus.cli.app import app
from isthmus.cli.names import check_predictor, is_cross_validation
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.exports import ExportedNet
    from isthmus.training.predicting import Predicting

RUN = "Folder of a finished run or cross-validation, or an .onnx file that `isthmus export` wrote."
SAMPLES = "Samples like those of the task, in any format that data is read from, with or without targets."
OUTPUT = "File for the predictions: .csv, .parquet, .npz or .npy."
PROBA = "Write the probability of each class, too."
CALIBRATED = "Write probabilities at the temperature that fits samples best that were held out."
INTERVALS = (
    "Write sets of classes (set), or intervals of numbers (lower, upper), that hold what is true with this"
    " probability, such as 0.9."
)
AUGMENTATIONS = (
    "Average over so many changed copies of each sample, made as the run's augmentation made them."
)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help=RUN)],
    input: Annotated[Path, typer.Argument(help=SAMPLES)],
    output: Annotated[Path, typer.Option("--output", "-o", help=OUTPUT)],
    proba: Annotated[bool, typer.Option("--proba", help=PROBA)] = False,
    calibrated: Annotated[bool, typer.Option("--calibrated", help=CALIBRATED)] = False,
    intervals: Annotated[float | None, typer.Option(help=INTERVALS, show_default=False)] = None,
    augmentations: Annotated[int, typer.Option(help=AUGMENTATIONS)] = 0,
) -> None:
    """Predict new samples with a trained run, which reads them as it read its own data."""
    is_exported = run.suffix == ".onnx" and not run.is_dir()
    if not is_exported:
        check_predictor(run)
    from isthmus.tasks.predictions import check_writable, write_predictions

    check_writable(output)
    asked = {
        "calibrated": calibrated or None,
        "intervals": intervals,
        "augmentations": augmentations or None,
    }
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if is_exported:
        for name in given:
            message = (
                f"an exported network knows nothing of {name}; give the folder of the run, or leave it out"
            )
            raise InputError(message, kind="conflict", key=name)
    opened = (_exported if is_exported else _trained)(run)
    predictions = opened.predict_file(input, probabilities=proba, **given)
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
