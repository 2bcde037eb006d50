"""`isthmus doctor`: say what is wrong with a run, and what to try."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app


@app.command()
def doctor(run: Annotated[Path, typer.Argument(help="Folder of a run, finished or not.")]) -> None:
    """Look at what a run has kept, and say what is wrong with it and what to try."""
    from isthmus.doctor import checks, diagnose

    findings = diagnose(run)
    for finding in findings:
        typer.echo(f"{finding.check}: {finding.seen}\n  try: {finding.advice}")
    if not findings:
        typer.echo(f"nothing is wrong that can be seen; looked at: {', '.join(checks)}")
