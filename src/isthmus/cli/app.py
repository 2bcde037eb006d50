"""The main command `isthmus`, and what its commands share."""

import functools
import inspect
import logging
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer

from isthmus.config.cli import set_parameters
from isthmus.progress import be_quiet
from isthmus.version import __version__

RESUME = (
    "Go on where the training was cut off; begin if there is nothing yet; open the run if it is finished."
)

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors alone.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print what is logged, and warnings of libraries, not a bar.")
]


class App(typer.Typer):
    """A group of commands, each with the options `--quiet` and `--verbose`."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        """Return a decorator that adds a function as a command."""
        add = super().command(name, **options)

        def register(function: Callable[..., None]) -> Callable[..., None]:
            add(_with_verbosity(function))
            return function

        return register


_hints = [True]
"""Whether more than results and errors is printed; one element, so that a function can set it"""


def _with_verbosity(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function with the keywords `quiet` and `verbose` beside those that it has."""

    @functools.wraps(function)
    def command(*, quiet: bool, verbose: bool, **arguments: Any) -> None:
        be_quiet(quiet or verbose)
        _hints[0] = not quiet
        if verbose:
            warnings.simplefilter("default")
            logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
            logging.getLogger("isthmus").setLevel(logging.INFO)
        try:
            function(**arguments)
        finally:
            be_quiet(False)
            _hints[0] = True

    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
        for name, annotation in (("quiet", Quiet), ("verbose", Verbose))
    ]
    set_parameters(command, [*inspect.signature(function).parameters.values(), *added])
    return command


app = App(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # names of options are never cut off
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Cross from a pretrained transformer's modality to yours, through intermediate modalities.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"isthmus {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Cross from a pretrained transformer's modality to yours, through intermediate modalities."""


@contextmanager
def resumable(*more: str) -> Iterator[None]:
    """At Ctrl-C, print the command that goes on, and exit with code 130.

    Args:
        *more: Words that this command needs in addition in order to go on.
    """
    try:
        yield
    except KeyboardInterrupt:
        words = shlex.join([*sys.argv[1:], *more])
        typer.echo(f"isthmus: interrupted; go on with: isthmus {words}", err=True)
        raise typer.Exit(130) from None


def tells_more() -> bool:
    """Return whether the user wants to be told more than results and errors."""
    return _hints[0]


def suggest(*commands: Sequence[object]) -> None:
    """Print what may be done next, on standard error, unless the user wants quiet.

    Args:
        *commands: Words of a command each, without `isthmus`.
    """
    if tells_more():
        for lead, words in zip(("next: ", *["      "] * len(commands)), commands, strict=False):
            with suppress(OSError):  # the work is done, whether or not somebody hears of it
                typer.echo(f"{lead}isthmus {shlex.join(map(str, words))}", err=True)
