"""The command line: thin commands, made from the functions that the Python user calls.

Nothing heavy is imported until a command runs, so that `--help` answers at once. Exit codes: 0 done, 2 the
user's input is wrong (one line says what), 130 interrupted (one line says how to go on), 1 a fault of ours.
"""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from isthmus.errors import InputError, unknown

# Libraries that write to the terminal on their own: of processes that are started, of weights not used.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
UsageError: Any = typer.BadParameter.__mro__[1]  # whichever module typer keeps it in

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Cross from a pretrained transformer's modality to yours, through intermediate modalities.",
)

TASK = "Name of a task; see `isthmus list tasks`."
BACKBONE = "Name, folder or hub name; by default swin-micro."
EMBEDDER = "How samples become tokens; by default patch."
SOURCE = "What is mixed in; by default what suits the backbone."
RESUME = "Go on where it was cut off; begin if there is nothing yet."
DEVICES = "How many to train on in parallel; by default 1."
CONFIG = "A YAML file of settings, such as a run's config.yaml."
SAMPLES = "Samples like the task's: .npy, .npz with x, or .csv (a row each)."

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
    task: Annotated[str | None, typer.Argument(help=TASK)] = None,
    method: Annotated[str | None, typer.Option(help="What learns; by default pare.")] = None,
    backbone: Annotated[str | None, typer.Option(help=BACKBONE)] = None,
    embedder: Annotated[str | None, typer.Option(help=EMBEDDER)] = None,
    source: Annotated[str | None, typer.Option(help=SOURCE)] = None,
    seed: Annotated[int | None, typer.Option(help="Of every random draw; by default 0.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; by default under runs/.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help=RESUME)] = False,
    devices: Annotated[int | None, typer.Option(help=DEVICES)] = None,
    config: Annotated[Path | None, typer.Option(help=CONFIG)] = None,
    settings: Set = None,
) -> None:
    """Train a method on a task and test it once, at the end."""
    from isthmus.config import assign, make_config, read_settings

    named = {
        "task": task,
        "method": method,
        "backbone": backbone,
        "embedder": embedder,
        "source": source,
        "seed": seed,
        "devices": devices,
    }
    values = read_settings(config) if config else {}
    values = assign(values | {k: v for k, v in named.items() if v is not None}, settings or [])
    if "task" not in values:
        raise InputError("give the name of a task; `isthmus list tasks` shows them")
    checked = make_config(values)
    try:
        from isthmus.training import fit as train
        from isthmus.training.folder import default_folder

        run = train(**values, out=out or default_folder(checked), resume=resume)
    except KeyboardInterrupt:
        raise interrupted([*sys.argv[1:], *([] if resume else ["--resume"])]) from None
    error = "no test data" if run.test_error is None else f"test {run.result['metric']} {run.test_error:.4f}"
    typer.echo(f"{error}  ({run.folder})")


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    input: Annotated[Path, typer.Argument(help=SAMPLES)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where predictions go: .csv or .npy.")],
) -> None:
    """Predict with a trained run."""
    from isthmus.tasks.sample_files import check_writable, read_samples, write_predictions
    from isthmus.training import Run

    samples = read_samples(input)
    check_writable(output)
    predictions = Run(run).predict(samples)
    write_predictions(output, predictions)
    typer.echo(f"{len(predictions)} predictions in {output}")


@app.command()
def pretrain(
    out: Annotated[Path, typer.Option(help="Folder that the backbone is written to.")],
    seed: Annotated[int | None, typer.Option(help="Of every random draw.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help=RESUME)] = False,
    settings: Set = None,
) -> None:
    """Pretrain swin-micro on procedural pictures: the recipe of the embedded weights."""
    from isthmus.config import assign, complete

    values = assign({} if seed is None else {"seed": seed}, settings or [])
    try:
        from isthmus.training.pretrain import pretrain as train

        options = complete("recipe", {**values, "name": "swin-micro", "resume": resume}, train)
        del options["name"]
        accuracy = train(out, **options)
    except KeyboardInterrupt:
        raise interrupted([*sys.argv[1:], *([] if resume else ["--resume"])]) from None
    typer.echo(f"held-out accuracy {accuracy:.3f}  ({out})")


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


def interrupted(arguments: list[str]) -> typer.Exit:
    """The end of a command that was interrupted, said with the command that goes on with it."""
    typer.echo(f"isthmus: interrupted; go on with: isthmus {shlex.join(arguments)}", err=True)
    return typer.Exit(130)


def main() -> None:
    """Run a command, and end with its exit code."""
    try:
        code = app(prog_name="isthmus", standalone_mode=False)
    except InputError as error:
        raise wrong(str(error)) from None
    except UsageError as error:
        hint = f"; see {error.ctx.command_path} --help" if error.ctx else ""
        raise wrong(error.format_message() and error.format_message().rstrip(".") + hint) from None
    except OSError as error:
        if error.filename is None:
            raise
        raise wrong(f"cannot write or read '{error.filename}': {error.strerror}") from None
    except typer.Abort:
        code = 130
    raise SystemExit(code or 0)


def wrong(message: str) -> SystemExit:
    """The end of a command whose input is wrong, said in one line."""
    if message:
        typer.echo(f"isthmus: {message}", err=True)
    return SystemExit(2)
