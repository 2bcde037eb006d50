"""The command line: thin commands, made from the functions that the Python user calls.

Nothing heavy is imported until a command runs, so that `--help` answers at once.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from isthmus.errors import InputError, unknown

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Cross from a pretrained transformer's modality to yours, through intermediate modalities.",
)

Out = Annotated[Path | None, typer.Option(help="Folder of the run; by default under runs/.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting.")]


@app.command("list")
def list_(
    what: Annotated[str, typer.Argument(help="tasks, methods, backbones, embedders, mixers or sources")],
) -> None:
    """List what there is of a kind."""
    from isthmus.catalogue import CATALOGUE

    if what not in CATALOGUE:
        raise unknown("kind of thing to list", what, CATALOGUE)
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    header, rows = CATALOGUE[what]()
    for column in header:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@app.command()
def fit(
    task: Annotated[str | None, typer.Argument(help="Name of a task; see `isthmus list tasks`.")] = None,
    method: Annotated[str | None, typer.Option(help="What learns; by default pare.")] = None,
    backbone: Annotated[str | None, typer.Option(help="Name, folder or hub name; by default swin-micro.")] = None,
    embedder: Annotated[str | None, typer.Option(help="How samples become tokens; by default patch.")] = None,
    source: Annotated[str | None, typer.Option(help="What is mixed in; by default what suits the backbone.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of every random draw; by default 0.")] = None,
    out: Out = None,
    resume: Annotated[bool, typer.Option(help="Go on with a run that was cut off.")] = False,
    devices: Annotated[int | None, typer.Option(help="How many to train on in parallel; by default 1.")] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file of settings, such as a run's config.yaml.")] = None,
    settings: Set = None,
) -> None:
    """Train a method on a task and test it once, at the end."""
    from isthmus.config import assign, make_config, read_settings

    values: dict[str, Any] = read_settings(config) if config else {}
    named = {
        "task": task,
        "method": method,
        "backbone": backbone,
        "embedder": embedder,
        "source": source,
        "seed": seed,
        "devices": devices,
    }
    values = assign(values | {k: v for k, v in named.items() if v is not None}, settings or [])
    if "task" not in values:
        raise InputError("give the name of a task; `isthmus list tasks` shows them")
    _stay_offline_if_asked()
    from isthmus.training import fit as train
    from isthmus.training.folder import default_folder

    where = out or default_folder(make_config(values))
    try:
        run = train(**values, out=where, resume=resume)
    except KeyboardInterrupt:
        again = " ".join(sys.argv[1:] if resume else [*sys.argv[1:], "--resume"])
        raise InputError(f"interrupted; the run is in '{where}', go on with: isthmus {again}") from None
    error = "no test data" if run.test_error is None else f"test {run.result['metric']} {run.test_error:.4f}"
    typer.echo(f"{error}  ({run.folder})")


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    input: Annotated[Path, typer.Argument(help="Samples like the task's: .npy, .npz with x, or .csv (a row each).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where predictions go: .csv or .npy.")],
) -> None:
    """Predict with a trained run."""
    from isthmus.tasks.sample_files import read_samples, write_predictions
    from isthmus.training import Run

    samples = read_samples(input)
    predictions = Run(run).predict(samples)
    write_predictions(output, predictions)
    typer.echo(f"{len(predictions)} predictions in {output}")


@app.command()
def pretrain(
    out: Annotated[Path, typer.Option(help="Folder that the backbone is written to.")],
    seed: Annotated[int | None, typer.Option(help="Of every random draw.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on where it was cut off.")] = False,
    settings: Set = None,
) -> None:
    """Pretrain swin-micro on procedural pictures: the recipe of the embedded weights."""
    from isthmus.config import assign
    from isthmus.training.pretrain import pretrain as train

    values = assign({} if seed is None else {"seed": seed}, settings or [])
    try:
        accuracy = train(out, resume=resume, **values)
    except KeyboardInterrupt:
        raise InputError(f"interrupted; go on with: isthmus pretrain --out {out} --resume") from None
    typer.echo(f"held-out accuracy {accuracy:.3f}  ({out})")


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for runs, table and pictures.")] = Path("demo"),
) -> None:
    """Scratch, fine-tuning and PaRe on real embedded data, with a table and pictures."""
    from isthmus.demo import demo as show

    show(out)


def main() -> None:
    """Run a command: exit code 0 done, 2 the user's input is wrong (one line), 1 a fault of ours."""
    try:
        app(standalone_mode=True)
    except InputError as error:
        typer.echo(f"isthmus: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:
        if error.filename is None:
            raise
        typer.echo(f"isthmus: cannot write or read '{error.filename}': {error.strerror}", err=True)
        raise SystemExit(2) from None


def _stay_offline_if_asked() -> None:
    """The tokenizers library warns about forks unless told; nothing here forks."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
