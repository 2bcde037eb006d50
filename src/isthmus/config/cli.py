"""Options of the command line, and the settings page of the docs, from the schema."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
import yaml

from isthmus.config.plain_text import parse_yaml
from isthmus.config.schema import SETTINGS, Setting
from isthmus.errors import InputError

PARTS = "embedder, method, augment, schedule, logger"
SET_HELP = f"Option of a part ({PARTS}), such as method.start=0.5, or any setting."

Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=SET_HELP)]


def setting_options(
    except_for: frozenset[str] = frozenset(),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for every setting; it gets those that were given as the keyword `settings`.

    Args:
        except_for: Settings that the command leaves out.
    """
    offered = [setting for name, setting in SETTINGS.items() if name not in except_for | {"fingerprint"}]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def with_options(**arguments: Any) -> None:
            given = {s.name: arguments.pop(s.name) for s in offered}
            settings = {s.name: parsed(s, given[s.name]) for s in offered if given[s.name] is not None}
            command(**arguments, settings=settings)

        own = [p for p in inspect.signature(command).parameters.values() if p.name != "settings"]
        set_parameters(with_options, [*own, *map(_as_parameter, offered)])
        return with_options

    return decorate


def set_parameters(command: Callable[..., None], parameters: Iterable[inspect.Parameter]) -> None:
    """Let typer see these parameters of a command, whatever it was written with."""
    signature = inspect.Signature([*parameters])
    command.__dict__["__signature__"] = signature
    command.__annotations__ = {name: p.annotation for name, p in signature.parameters.items()}


def _as_parameter(setting: Setting) -> inspect.Parameter:
    option = typer.Option(
        _flag(setting), help=_help(setting), metavar=type_in_words(setting).upper(), show_default=False
    )
    annotation = Annotated[str | None, option]
    return inspect.Parameter(
        setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _flag(setting: Setting) -> str:
    return f"--{setting.name.replace('_', '-')}"


def _help(setting: Setting) -> str:
    told = default_in_words(setting)
    return setting.description if told is None else f"{setting.description} (default: {told})"


def parsed(setting: Setting, text: str) -> Any:
    """Return the value of an option: text where the setting is text, else YAML.

    Raises:
        InputError: If it is not YAML.
    """
    return text if setting.type is str else parse_option(_flag(setting), text, setting.name)


def parse_option(flag: str, text: str, key: str) -> Any:
    """Return the plain value in the text of an option; raise InputError with its key if it is not YAML."""
    try:
        return parse_yaml(text)
    except yaml.YAMLError:
        raise InputError(f"'{flag}' is no value: '{text}' is not YAML", key=key) from None


def type_in_words(setting: Setting) -> str:
    """Return what kind of value a setting takes: "number", "true or false", "adamw, adam or sgd"."""
    found = _words(setting.type)
    return "name or options" if found == "mapping" and "name" in (setting.default or {}) else found


def _words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(inner[0])
    if origin is Literal:
        return "|".join(map(str, inner))
    if origin is tuple:
        return "list"
    if origin is dict:
        return "mapping"
    if inner:  # a union: told by its first member, None means that it may be left open
        return _words(inner[0])
    return {int: "integer", float: "number", str: "text", bool: "true|false"}.get(annotation, "mapping")


def default_in_words(setting: Setting) -> str | None:
    """Return the default as a user writes it; None where the description says what it depends on."""
    value = setting.default
    if value is None or value in ({}, ()):
        return None
    if isinstance(value, Mapping):
        return str(value["name"])
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def settings_table() -> list[tuple[str, str, str, str]]:
    """Return a row for every setting: name, type, default, description."""
    return [
        (setting.name, type_in_words(setting), default_in_words(setting) or "", setting.description)
        for setting in SETTINGS.values()
    ]
