"""`isthmus pretrain`: make the weights of the embedded backbone."""

from pathlib import Path
from typing import Annotated

import typer

from isthmus.cli.app import RESUME, app, resumable, suggest
from isthmus.config.cli import Set


@app.command()
def pretrain(
    out: Annotated[Path, typer.Option(help="Folder that the backbone is written to.")],
    seed: Annotated[int | None, typer.Option(help="Seed of every random draw.", min=0)] = None,
    resume: Annotated[bool, typer.Option("--resume", help=RESUME)] = False,
    settings: Set = None,
) -> None:
    """Pretrain swin-micro on procedural pictures, as the weights in the package were."""
    from isthmus.config import assign, complete_options

    values = assign({} if seed is None else {"seed": seed}, settings or [])
    with resumable(*([] if resume else ["--resume"])):
        from isthmus.training.pretrain import pretrain as train

        options = complete_options("recipe", {**values, "name": "swin-micro", "resume": resume}, train)
        del options["name"]
        accuracy = train(out, **options)
    typer.echo(f"held-out accuracy {accuracy:.3f}  ({out})")
    suggest(["fit", "TASK", "--backbone", out])
