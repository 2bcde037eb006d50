"""`isthmus demo`: the main job on real embedded data."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app, interrupted


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for runs, table and pictures.")] = Path("demo"),
) -> None:
    """Scratch, fine-tuning and PaRe on real embedded data, with a table and pictures."""
    try:
        from isthmus.demo import demo as show

        show(out)
    except KeyboardInterrupt:
        raise interrupted(sys.argv[1:]) from None
