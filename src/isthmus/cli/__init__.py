"""The command line: thin commands, made from the functions that the Python user calls, a file for each.

A file here that hangs a command on `app` adds it; deleting the file deletes the command. Nothing heavy is
imported until a command runs, so that `--help` answers at once. Exit codes: 0 done, 2 the user's input is
wrong (one line says what), 130 interrupted (one line says how to go on), 1 a fault of ours.
"""

import importlib
import os
import pkgutil
from typing import Any

import typer

from isthmus.cli.app import app
from isthmus.errors import InputError

# Libraries that write to the terminal on their own: of processes that are started, of weights not used.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
UsageError: Any = typer.BadParameter.__mro__[1]  # whichever module typer keeps it in

for command in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{command.name}")


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
