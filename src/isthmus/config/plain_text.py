"""Plain values from text: YAML, and JSON files of a known form."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from isthmus.errors import InputError
from isthmus.files import check_path

T = TypeVar("T")


def parse_yaml(text: str) -> Any:
    """Return the plain values in a YAML text.

    Raises:
        yaml.YAMLError: If it is none, also for a value such as 2020-13-45, which looks like a date only.
    """
    try:
        return yaml.safe_load(text)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise yaml.YAMLError(str(error)) from None  # which the constructors of its values raise


def read_json(path: Path, form: type[T], advice: str = "remove it") -> T:
    """Read a JSON file that has a form.

    Args:
        path: Path of the file.
        form: Type of its content: a model, a dataclass, or a type such as `dict[str, int]`.
        advice: What the user can do about a damaged file.

    Raises:
        InputError: If the file cannot be read, is no JSON, or has another form; the message says where.
    """
    check_path(path)
    try:
        return checked_json(path.read_bytes(), form)
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}", kind="file", key=path) from None
    except ValueError as error:
        raise InputError(f"'{path}' is damaged: {error}; {advice}", kind="file", key=path) from None


def checked_json(text: str | bytes, form: type[T]) -> T:
    """Return the content of a JSON text that has a form.

    Raises:
        ValueError: If it is no JSON, or has another form; the message says where.
    """
    try:
        return TypeAdapter(form).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}" if place else first["msg"]) from None
