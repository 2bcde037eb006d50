"""What `isthmus fit --folds` does: cross-validate, and print the error of each fold."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from isthmus.cli.app import resumable, suggest, tells_more
from isthmus.cli.panel import print_panel
from isthmus.progress import progress

if TYPE_CHECKING:
    from isthmus.cross_validation import CrossValidation


def cross_validate(
    values: dict[str, Any], *, folds: int, out: Path | None, floor: bool, dry_run: bool
) -> None:
    """Cross-validate, or show what would be done.

    Args:
        values: Task and settings.
        folds: Number of folds.
        out: Folder of the cross-validation.
        floor: Whether to fit simple predictors, too.
        dry_run: Whether to show what will run, and stop.
    """
    with resumable(), progress("cross-validation"):
        from isthmus.cross_validation.folds import plan_folds, run_folds

        planned = plan_folds(**values, folds=folds, out=out)
        if dry_run or tells_more():
            origin = planned.task.origin
            understood = [] if origin is None else origin.understood.rows()
            print_panel([*understood, *planned.rows()], to_stderr=not dry_run)
        if dry_run:
            return
        found = run_folds(planned, floor)
    _print(found)
    suggest(["predict", found.folder, "NEWFILE", "-o", "predictions.csv"])


def _print(found: "CrossValidation") -> None:
    """Print the error of each fold, and that of all together."""
    from isthmus.cli.tables import print_table

    result = found.result
    has_floors = any(fold.floor for fold in result.folds)
    rows = [
        [str(number), str(fold.samples), f"{fold.error:.4f}"]
        + ([_floor(fold.floor, fold.floor_error)] if has_floors else [])
        for number, fold in enumerate(result.folds, 1)
    ]
    simple = ["best simple predictor"] if has_floors else []
    print_table(["fold", "held out", result.metric, *simple], rows)
    typer.echo(
        f"{result.metric} {result.mean:.4f} ± {result.std:.4f} over the folds, {result.error:.4f} of all"
    )
    test = "no test data" if result.test_error is None else f"test {result.metric} {result.test_error:.4f}"
    typer.echo(f"all folds together: {test}  ({found.folder})")


def _floor(name: str | None, error: float | None) -> str:
    return "" if name is None or error is None else f"{name} {error:.4f}"
