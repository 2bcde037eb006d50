"""Options of the command line for the keys of a description, from its model."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from isthmus.config.cli import parse_option, set_parameters
from isthmus.config.description import KEYS, Key

OFFERED = [key for key in KEYS.values() if key.name != "data"]
LISTS = ("x", "y", "x_test", "y_test", "drop")
"""Keys whose option takes names with commas between them"""
PATHS = ("test",)
NUMBERS = ("fill", "hold_out", "window", "stride", "seed", "one_hot")


def description_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every key but `data`; it gets those that were given as `described`."""

    @functools.wraps(command)
    def with_options(**arguments: Any) -> None:
        given = {key.name: arguments.pop(_parameter_name(key)) for key in OFFERED}
        described = {name: parsed(KEYS[name], text) for name, text in given.items() if text is not None}
        command(**arguments, described=described)

    own = [p for p in inspect.signature(command).parameters.values() if p.name != "described"]
    keywords = [p for p in own if p.kind is inspect.Parameter.KEYWORD_ONLY]
    others = [p for p in own if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    set_parameters(with_options, [*others, *map(_as_parameter, OFFERED), *keywords])
    return with_options


def parsed(key: Key, text: str) -> Any:
    """Return the value of an option: names, a number, or text.

    Raises:
        InputError: If a number is no YAML.
    """
    if key.name in LISTS:
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        return names[0] if len(names) == 1 else names
    return parse_option(key.flag, text, key.name) if key.name in NUMBERS else text


def _parameter_name(key: Key) -> str:
    """Return the name of the command's parameter; settings of a run have others."""
    return f"described_{key.name}"


def _as_parameter(key: Key) -> inspect.Parameter:
    told = "" if key.default in (None, (), "") else f" (default: {key.default})"
    option = typer.Option(key.flag, help=key.about + told, metavar=_metavar(key), show_default=False)
    return inspect.Parameter(
        _parameter_name(key),
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, option],
    )


def _metavar(key: Key) -> str:
    if key.name in LISTS:
        return "NAMES"
    if key.name in PATHS:
        return "PATH"
    return "VALUE" if key.name in NUMBERS else "TEXT"
