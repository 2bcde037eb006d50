"""The command line: one file for each command, a thin layer over the functions of the Python interface.

A file here that adds a command to `app` is all that a command needs; deleting the file removes the command.
Heavy imports wait until a command runs, so that `--help` answers at once. Exit codes: 0 done, 2 the input is
wrong (one line says what), 130 interrupted (one line says how to go on), 1 an error in isthmus, or nobody
reads what is printed.
"""

import errno
import importlib
import io
import logging
import os
import pkgutil
import re
import sys
import warnings
from contextlib import suppress
from typing import Any

import typer

from isthmus.cli.app import app
from isthmus.errors import InputError, one_line
from isthmus.files import full_errno

# These libraries would write to the terminal: about child processes, and about weights that are not used.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it would tell where its cache lies
UsageError: Any = typer.BadParameter.__mro__[1]  # whichever module typer keeps it in

SPOKEN = {"resume=True": "--resume"}
"""Words of messages to Python users, and what they are on the command line"""

NO_MEMORY = re.compile(r"can't allocate memory|out of memory")
"""How torch tells that there is not enough"""

for command in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{command.name}")


def main() -> None:
    """Run a command and exit with its code."""
    _open_standard_streams()
    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")  # those of libraries would come before the one line
        raise SystemExit(run() or 0)


def run() -> int | None:
    """Run a command and return its code; raise SystemExit with one line for wrong input."""
    try:
        code: int | None = app(prog_name="isthmus", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except UsageError as error:
        hint = f"; see {error.ctx.command_path} --help" if error.ctx else ""
        raise wrong(error.format_message() and error.format_message().rstrip(".") + hint) from None
    except BrokenPipeError:
        _drop_output()
        code = 1  # without a word, as rich ends where it prints
    except typer.Abort:
        code = 130
    except Exception as error:
        message = _user_message(error)
        if message is None:
            raise
        raise wrong(message) from None
    return code


def _user_message(error: BaseException) -> str | None:
    """Return the one line for an error; None for a fault of isthmus.

    An error of what is done in the end, such as closing a file on a full disk, does not hide the first one.
    """
    first: BaseException | None = error
    while first is not None and not isinstance(first, InputError):
        first = None if first.__suppress_context__ else first.__context__
    if first is not None:
        return str(first)
    if isinstance(error, MemoryError) or NO_MEMORY.search(str(error)):
        return f"there is not enough memory; give smaller numbers, or less data: {error}".removesuffix(": ")
    if isinstance(error, OSError) and error.filename is not None:
        return f"cannot write or read '{error.filename}': {error.strerror}"
    number = error.errno if isinstance(error, OSError) and error.errno == errno.EIO else full_errno(error)
    if number is None:
        return None
    _drop_output()
    return f"cannot write: {os.strerror(number)}"


def wrong(message: str) -> SystemExit:
    """Print one line about wrong input, and return the exit that ends the command."""
    if message:
        for python, words in SPOKEN.items():
            message = message.replace(python, words)
        with suppress(OSError):  # nobody can be told
            typer.echo(f"isthmus: {one_line(message)}", err=True)
    return SystemExit(2)


def _open_standard_streams() -> None:
    """Open what the caller has closed (`>&-`), else the next file that is opened would take its place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name of a file may be no text


def _drop_output() -> None:
    """Let what is not yet written go nowhere, so that Python's own last flush is silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
