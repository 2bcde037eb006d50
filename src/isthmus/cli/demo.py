"""`isthmus demo`: three methods on two small real data sets."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app, resumable


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for runs, table and pictures.")] = Path("demo"),
) -> None:
    """Train scratch, fine-tuning and PaRe on two small real data sets; make a table and pictures."""
    with resumable():
        from isthmus.demo import demo as show

        show(out)
