"""`isthmus push`: put a run's model on the Hugging Face hub."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import app
from isthmus.cli.names import check_run


@app.command()
def push(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    name: Annotated[str, typer.Argument(help="Name of the repository: user/name.")],
    private: Annotated[
        bool, typer.Option("--private", help="A new repository is seen by you alone.")
    ] = False,
) -> None:
    """Put the network of a run on the Hugging Face hub, with a card made from the run."""
    check_run(run)
    from isthmus.reports import push_to_hub

    typer.echo(push_to_hub(run, name, private=private))
