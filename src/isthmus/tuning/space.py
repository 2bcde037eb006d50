"""What is searched: values of settings and of options, by their types and ranges in the schema."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import yaml

from isthmus.config.parts import as_part
from isthmus.config.plain_text import parse_yaml
from isthmus.config.resolve import REGISTRIES
from isthmus.config.schema import SETTINGS
from isthmus.errors import InputError, unknown

USUAL: dict[str, Any] = {
    "lr": "1e-5..1e-2",
    "weight_decay": "1e-4..0.1",
    "warmup_ratio": "0..0.3",
    "batch_size": [8, 16, 32],
    "dropout": None,
    "method.start": "0.2..0.8",
    "method.beta_2": "0.1..1",
}
"""Default search space, of which those are searched that the method has and that were not given"""

LOGARITHMIC = 10
"""Ratio of the ends of a range from which on it is searched by the logarithm"""

RANGE = re.compile(r"(.+?)\.\.(.+)")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; integers if both are."""

    low: float
    high: float

    @property
    def is_logarithmic(self) -> bool:
        """Whether it is searched by the logarithm."""
        return self.low > 0 and self.high / self.low >= LOGARITHMIC

    def ends(self) -> list[Any]:
        """Return the values that are checked before the search, on behalf of all between them."""
        return [self.low, self.high]

    def __str__(self) -> str:
        """Return it as a user writes it."""
        return f"{self.low:g}..{self.high:g}" + (" (logarithmic)" if self.is_logarithmic else "")


@dataclass(frozen=True)
class Choices:
    """Values of any kind, one of which is taken."""

    values: tuple[Any, ...]

    def ends(self) -> list[Any]:
        """Return the values that are checked before the search: all of them."""
        return list(self.values)

    def __str__(self) -> str:
        """Return them as a user writes them."""
        return written(list(self.values))


Space = Mapping[str, Range | Choices]
"""What is searched, by the name of a setting or of an option: `lr`, `method.start`"""


def written(value: Any) -> str:
    """Return a plain value as one line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...").strip()


def search_space(
    asked: Mapping[str, Any] | None, given: Mapping[str, Any], used: frozenset[str]
) -> dict[str, Range | Choices]:
    """Return what is searched.

    Args:
        asked: Values by name, each a range as text, `1e-5..1e-2`, a list of choices, or None for all that the
            schema allows; None for what is usual.
        given: Settings that were given; what is usual is searched only where they leave it open.
        used: Settings that the method uses.

    Raises:
        InputError: For a name that nothing has, or what is neither range nor choices.
    """
    if asked is not None:
        if not asked:
            raise InputError("there is nothing to search; name a setting", kind="missing", key="search")
        return {name: parsed(name, value, given) for name, value in asked.items()}
    method: Any = as_part(given.get("method", SETTINGS["method"].default))
    found = {}
    for name, value in USUAL.items():
        part, _, option = name.partition(".")
        is_open = (
            option not in method and option in options(part, method["name"]) if option else name not in given
        )
        if part in used | {"method"} and is_open:
            found[name] = parsed(name, value, given)
    return found


def parsed(name: str, value: Any, given: Mapping[str, Any]) -> Range | Choices:
    """Return the range or the choices that a value stands for; raise InputError if it stands for neither."""
    kinds = types(annotation(name, given))
    if value is None:
        choices = [choice for kind in kinds for choice in all_of(kind)]
        if not choices:
            message = (
                f"'{name}' has no list of values; say what to search: {name}=LOW..HIGH, or {name}=[A, B]"
            )
            raise InputError(message, kind="missing", key=name)
        return Choices(tuple(choices))
    match = RANGE.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        return _range(name, match[1], match[2], integers=int in kinds and float not in kinds)
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return Choices(tuple(value))
    message = f"'{name}' is searched over {value!r}; give a range, LOW..HIGH, or a list, [A, B]"
    raise InputError(message, key=name)


def _range(name: str, low: str, high: str, *, integers: bool) -> Range:
    """Return a range from its ends as text."""
    convert: Callable[[str], float] = int if integers else float
    try:
        found = Range(convert(low), convert(high))
    except ValueError:
        what = "whole numbers" if integers else "numbers"
        raise InputError(
            f"'{name}' is searched over {low}..{high}; its ends must be {what}", key=name
        ) from None
    if not found.low < found.high:
        raise InputError(f"'{name}' is searched over {low}..{high}; the first must be lower", key=name)
    return found


def assigned(words: Sequence[str]) -> dict[str, Any]:
    """Return what words such as `lr=1e-5..1e-2`, `batch_size=[8, 16]` and `optimizer` ask for.

    Raises:
        InputError: If a value is not YAML.
    """
    found = {}
    for word in words:
        name, equals, text = word.partition("=")
        try:
            found[name] = parse_yaml(text) if equals else None
        except yaml.YAMLError:
            raise InputError(f"'{word}' says no values: '{text}' is not YAML", key=name) from None
    return found


def annotation(name: str, given: Mapping[str, Any]) -> Any:
    """Return the type of a setting or an option; raise InputError if there is none of that name."""
    part, dot, option = name.partition(".")
    if part not in SETTINGS:
        raise unknown("setting", part, SETTINGS)
    if not dot:
        return SETTINGS[part].type
    chosen: Any = as_part(given.get(part, SETTINGS[part].default))
    if part not in REGISTRIES or chosen is None:
        raise InputError(f"'{part}' has no options", kind="conflict", key=name)
    known = options(part, chosen["name"])
    if option not in known:
        raise unknown(f"option of the {part} '{chosen['name']}'", option, known)
    return known[option]


def options(part: str, name: str) -> dict[str, Any]:
    """Return the options of a thing by name, each with its type."""
    parameters = inspect.signature(REGISTRIES[part][name]).parameters.values()
    return {p.name: p.annotation for p in parameters if p.kind is p.KEYWORD_ONLY}


def types(found: Any) -> list[Any]:
    """Return the types in a union, without their annotations."""
    inner = get_args(found)
    if get_origin(found) is Literal or not inner or get_origin(found) in (dict, tuple, list):
        return [found]
    if hasattr(found, "__metadata__"):
        return types(inner[0])
    return [kind for part in inner for kind in types(part)]


def all_of(kind: Any) -> list[Any]:
    """Return all values of a type, where they can be listed."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return {bool: [True, False]}.get(kind, [])
