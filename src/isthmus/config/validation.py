"""Plain values checked against typed models and signatures, the first fault told in one line."""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from isthmus.errors import ErrorKind, InputError, unknown

M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], values: Mapping[str, Any], prefix: str = "") -> M:
    """Return plain values as an instance of a model.

    Args:
        model: Model with the names, types and ranges.
        values: Values by name.
        prefix: What names in messages begin with: "method.".

    Raises:
        InputError: For a value that is missing or does not fit.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        path = list(first["loc"])
        if len(path) > 1 and _is_group(model, path[0]):
            path = path[1:]  # users do not write the group
        name = prefix + ".".join(map(str, path))
        if first["type"] == "missing":
            raise InputError(f"the setting '{name}' is missing", kind="missing", key=name) from None
        reason = first["msg"].removeprefix("Value error, ")
        given = " ".join(repr(first["input"]).split())[:80]
        message = f"the setting '{name}' is {given}: {reason[0].lower()}{reason[1:]}"
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, InputError):  # which a validator of the model raised
            raise InputError(message, kind=cause.kind, key=cause.key) from None
        kind: ErrorKind = "unknown" if first["type"] == "extra_forbidden" else "value"
        raise InputError(message, kind=kind, key=name) from None


def _is_group(model: type[BaseModel], name: object) -> bool:
    annotation = model.model_fields[name].annotation if name in model.model_fields else None
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def complete_options(kind: str, part: Mapping[str, Any], maker: Callable[..., Any]) -> dict[str, Any]:
    """Return a part of the settings with every option given a value.

    The options are the keyword-only parameters of what makes the part: their names, types and defaults.

    Args:
        kind: What the part is, for messages: "method".
        part: Name, and the options that the user gave.
        maker: Class or function that takes the options.

    Raises:
        InputError: For an unknown option or a value that does not fit.
    """
    model = _options_of(kind, maker)
    given = {key: value for key, value in part.items() if key != "name"}
    for key in given:
        if key not in model.model_fields:
            raise unknown(f"option of the {kind} '{part['name']}'", key, model.model_fields)
    options = validated(model, given, f"{kind}.")
    return {"name": part["name"], **options.model_dump(mode="json")}  # as a file gives it back


@cache
def _options_of(kind: str, maker: Callable[..., Any]) -> type[BaseModel]:
    options: dict[str, Any] = {
        p.name: (p.annotation, p.default)
        for p in inspect.signature(maker).parameters.values()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }
    return create_model(kind, __config__=ConfigDict(allow_inf_nan=False), **options)
