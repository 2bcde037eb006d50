"""`isthmus demo`: the main job on real embedded data."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app, resumable


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for runs, table and pictures.")] = Path("demo"),
) -> None:
    """Scratch, fine-tuning and PaRe on real embedded data, with a table and pictures."""
    with resumable():
        from isthmus.demo import demo as show

        show(out)
