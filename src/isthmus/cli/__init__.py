"""The command line: one file for each command, a thin layer over the functions of the Python interface.

A file here that adds a command to `app` is all that a command needs; deleting the file removes the command.
Heavy imports wait until a command runs, so that `--help` answers at once. Exit codes: 0 done, 2 the input is
wrong (one line says what), 130 interrupted (one line says how to go on), 1 an error in isthmus.
"""

import importlib
import os
import pkgutil
from typing import Any

import typer

from isthmus.cli.app import app
from isthmus.errors import InputError

# These libraries would write to the terminal: about child processes, and about weights that are not used.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
UsageError: Any = typer.BadParameter.__mro__[1]  # whichever module typer keeps it in

for command in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{command.name}")


def main() -> None:
    """Run a command and exit with its code."""
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
    """Print one line about wrong input, and return the exit that ends the command."""
    if message:
        typer.echo(f"isthmus: {message}", err=True)
    return SystemExit(2)
