"""`isthmus data show` and `isthmus data describe`: what is understood of a file, without training."""

from pathlib import Path
from typing import Annotated, Any

import typer

from isthmus.cli.data import data
from isthmus.cli.panel import print_panel
from isthmus.config.description_options import description_options
from isthmus.errors import InputError

FILE = "Your own data: a file, a folder of classes, or a .yaml that describes one."
DESCRIBE = "YAML file that describes the data."
OUTPUT = "YAML file to write the description to, instead of printing it."
PICTURE = "Picture of a few samples of each class, to be written: .png, .svg or .pdf."


@data.command()
@description_options
def show(
    file: Annotated[Path, typer.Argument(help=FILE)],
    describe: Annotated[Path | None, typer.Option(help=DESCRIBE)] = None,
    picture: Annotated[Path | None, typer.Option(help=PICTURE)] = None,
    *,
    described: dict[str, Any],
) -> None:
    """Show what is understood of a file of yours; nothing is trained."""
    if picture is not None and picture.suffix not in (".png", ".svg", ".pdf"):
        raise InputError(f"'{picture}' ends in '{picture.suffix}'; give .png, .svg or .pdf", key=picture)
    from isthmus.tasks.custom import custom_task

    task = custom_task(file, describe, **described)
    assert task.origin is not None
    print_panel(task.origin.understood.rows())
    if picture is not None:
        from isthmus.plots.data_picture import draw_data

        draw_data(task, picture)
        typer.echo(f"picture of some samples: {picture}")


@data.command("describe")
@description_options
def describe_(
    file: Annotated[Path, typer.Argument(help=FILE)],
    describe: Annotated[Path | None, typer.Option(help=DESCRIBE)] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=OUTPUT)] = None,
    *,
    described: dict[str, Any],
) -> None:
    """Print a complete description of a file of yours, with comments, or write it: `-o mine.yaml`."""
    from isthmus.files import make_folder, write_text
    from isthmus.tasks.custom import custom_task
    from isthmus.tasks.custom.description_file import explained

    task = custom_task(file, describe, **described)
    assert task.origin is not None
    rows = task.origin.understood.rows()
    folder = Path.cwd() if output is None else make_folder(output.absolute().parent)
    text = explained(task.origin.description, rows, folder)
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_text(output, text)
        typer.echo(f"description of {file} in {output}")
