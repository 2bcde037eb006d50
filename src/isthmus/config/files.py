"""Settings in YAML files and in assignments such as `epochs=5`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from isthmus.config.parts import as_part
from isthmus.config.plain_text import parse_yaml
from isthmus.config.schema import GROUPS, SETTINGS, RunConfig, make_config
from isthmus.errors import InputError
from isthmus.files import check_path, write_text

SCHEMA = 4
"""Version of what a run folder holds; it grows when settings get other names or other defaults"""

PATCH_SCHEMA = 3
"""The version in which nothing was chosen by cross-validation, which is still read"""

FLAT_SCHEMA, FLAT_SCHEMA_KEY = 2, "data"
"""The version before groups, which is still read, and a setting by which its checkpoints are known"""

RENAMED = {
    "accumulate": "gradient_accumulation_steps",
    "clip": "max_grad_norm",
    "data": "fingerprint",
    "keep": "checkpoint",
    "warmup": "warmup_ratio",
}
"""Settings of `FLAT_SCHEMA` by their names of today"""

EARLIER: dict[str, Any] = {
    "embedder": "patch",
    "scale": "channel",
    "readout": "last",
    "probe_samples": 0,
    "augment": None,
    "checkpoint": "last",
}
"""Settings of a run with a backbone in the schemas before this one, where its file does not state them"""

NOTHING: tuple[Any, ...] = ("none", {"name": "none"})
"""What `FLAT_SCHEMA` says for the backbone and the embedder of a method that has neither"""


def write_config(config: RunConfig, path: Path) -> None:
    """Write what was given a value, in its groups, with the number of the schema."""
    values = {"schema": SCHEMA, **config.model_dump(mode="json", exclude_unset=True)}
    write_text(path, yaml.safe_dump(values, sort_keys=False))


def as_plain_data(config: RunConfig) -> dict[str, Any]:
    """Return what was given a value, by its own name, as reading it from a YAML file gives it."""
    given = config.flat(only_given=True)
    lists = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    plain: dict[str, Any] = yaml.safe_load(yaml.safe_dump(lists))
    return plain


def read_config(path: Path) -> RunConfig:
    """Read what `write_config` wrote, in this version or one whose runs it can go on with.

    Raises:
        InputError: If the file holds no settings, or those of another schema.
    """
    return make_config(read_settings(path, schema=1))  # the first schema had no number


def read_settings(path: Path, schema: int = SCHEMA) -> dict[str, Any]:
    """Read the settings in a YAML file by their own names, unchecked.

    Args:
        path: File with settings, flat or in their groups.
        schema: Version of a file that does not tell.

    Raises:
        InputError: If there is no such file, it holds no settings, or they are of another schema.
    """
    return settings_in(read_yaml(path), path, schema)


def settings_in(file: Mapping[str, Any], path: Path, schema: int = SCHEMA) -> dict[str, Any]:
    """Return the settings among the keys and values of a file by their own names, unchecked.

    Args:
        file: Keys and values, flat or in their groups.
        path: Path of the file, for messages.
        schema: Version of a file that does not tell.

    Raises:
        InputError: If they are of another schema.
    """
    values = dict(file)
    found = values.pop("schema", schema)
    if found == FLAT_SCHEMA:
        return from_flat_schema(values)
    if found not in (SCHEMA, PATCH_SCHEMA):
        raise InputError(
            f"'{path}' is of schema {found} and this version of isthmus reads schema {SCHEMA}; "
            "make the run again in another folder, or open it with the version that wrote it",
            kind="file",
            key=path,
        )
    groups = [values.pop(group) for group in GROUPS if isinstance(values.get(group), Mapping)]
    settings = {name: value for group in [values, *groups] for name, value in group.items()}
    return settings if found == SCHEMA else with_earlier_defaults(settings)


def with_earlier_defaults(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run of an earlier schema with those that are newer than it."""
    return EARLIER | dict(settings) if "backbone" in settings else dict(settings)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read the keys and values in a YAML file.

    Raises:
        InputError: If there is no such file, or it holds no keys.
    """
    check_path(path)
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{error.strerror}: '{path}'", kind="file", key=path) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError(f"'{path}' is not YAML", kind="file", key=path) from None
    if not isinstance(values, dict):
        raise InputError(
            f"'{path}' holds no settings: expected keys such as task, method", kind="file", key=path
        )
    return values


def from_flat_schema(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a run of the earlier schema kept, by their names of today.

    What has its default is left out: that schema kept every setting, also those that a method does not use.
    """
    renamed = {RENAMED.get(name, name): value for name, value in values.items()}
    plain = make_config({"task": ""}).model_dump(mode="json")
    defaults = {name: plain.get(name, plain.get(s.group, {}).get(name)) for name, s in SETTINGS.items()}
    given = {
        name: value
        for name, value in renamed.items()
        if not (name in defaults and value == defaults[name])
        and not (name in ("backbone", "embedder") and value in NOTHING)
    }
    return with_earlier_defaults(given)


def assign(values: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Lay assignments such as `epochs=5` or `method.start=0.5` over settings.

    Raises:
        InputError: For one without `=`, or with a value that is not YAML.
    """
    result = dict(values)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise InputError(
                f"'{assignment}' sets nothing; write key=value, such as epochs=5 or method.start=0.5",
                key=assignment,
            )
        try:
            value = parse_yaml(text)
        except yaml.YAMLError:
            raise InputError(f"'{assignment}' sets no value: '{text}' is not YAML", key=key) from None
        result = lay(result, {key: value})
    return result


def lay(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay settings, and options of parts by names such as `method.start`, over settings."""
    result = dict(values)
    for key, value in over.items():
        part, dot, option = key.partition(".")
        if dot:
            default = SETTINGS[part].default if part in SETTINGS else {}
            options = as_part(result.get(part, default))
            value = {**(options if isinstance(options, dict) else {}), option: value}
        result[part] = value
    return result
