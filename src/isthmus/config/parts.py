"""Types of settings that name a thing: a name alone, or a name with its options."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from isthmus.errors import unknown

MODALITIES = ("image", "text")
"""What backbones were pretrained on"""


def as_part(value: object) -> object:
    """Return a `Part` in its long form: `{"name": value}` for a bare name, anything else unchanged."""
    return {"name": value} if isinstance(value, str) else value


def _check_part(value: object) -> object:
    part = as_part(value)
    if not isinstance(part, Mapping) or not isinstance(part.get("name"), str):
        raise ValueError("give a name, or a name and its options")
    return part


def _check_source(value: object) -> object:
    by_modality = value if isinstance(value, Mapping) else {}
    for modality in by_modality:
        if modality not in MODALITIES:
            raise unknown("modality", modality, MODALITIES)
    if value is not None and not all(isinstance(name, str) for name in by_modality.values() or [value]):
        raise ValueError("give a name, or a name for each modality, such as {image: procedural}")
    return value


def none_as_nothing(value: object) -> object:
    """Return None for the name `none`, and anything else unchanged."""
    return None if as_part(value) == {"name": "none"} else value


Part = Annotated[dict[str, Any], BeforeValidator(_check_part)]
"""A thing chosen by name, with its options: `pare`, or `{name: pare, start: 0.5}`"""

AUTO = "auto"
"""Name that stands for what cross-validation of the probe chooses"""

Source = Annotated[str | dict[str, str] | None, BeforeValidator(_check_source)]
