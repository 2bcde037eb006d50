"""The command that all others hang from, and what several of them share."""

import shlex
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Cross from a pretrained transformer's modality to yours, through intermediate modalities.",
)

RESUME = "Go on where it was cut off; begin if there is nothing yet."

Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting.")]


def interrupted(arguments: list[str]) -> typer.Exit:
    """The end of a command that was interrupted, said with the command that goes on with it."""
    typer.echo(f"isthmus: interrupted; go on with: isthmus {shlex.join(arguments)}", err=True)
    return typer.Exit(130)
