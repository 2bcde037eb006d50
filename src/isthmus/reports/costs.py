"""Sections about what a run was made with: settings, versions, time and memory."""

import json
from collections.abc import Mapping
from typing import Any

from isthmus.reports.section import Section, make_table

PARTS = (
    ("training", "wall_s"),
    ("search", "search_s"),
    ("probe", "probe_s"),
    ("test", "test_s"),
)


def costs_section(result: Mapping[str, Any]) -> Section:
    """Tell time, memory and size of a run, and the versions that it was made with."""
    times = [(f"time of {name}, s", result.get(key)) for name, key in PARTS if result.get(key)]
    rows = [
        *times,
        ("epochs", f"{result['epochs']:,}"),
        ("steps", f"{result['steps']:,}"),
        ("parameters", f"{result['parameters']:,}" if "parameters" in result else None),
        ("highest memory, MB", f"{result['peak_mb']:,}" if "peak_mb" in result else None),
    ]
    versions = list((result.get("versions") or {}).items())
    return Section(
        "Time, memory, versions",
        tables=[make_table("Cost", (), rows), make_table("Versions", (), versions)],
    )


def settings_section(settings: Mapping[str, Any], more: Mapping[str, Any]) -> Section:
    """Tell all settings of a run.

    Args:
        settings: Settings by their names.
        more: What a search or cross-validation has found, by the name of its file.
    """
    rows = [(name, _as_text(value)) for name, value in settings.items()]
    found = "\n\n".join(f"{name}\n{json.dumps(content, indent=2)}" for name, content in more.items())
    text = ["Settings that are auto, or were searched for, are told below the table."] if more else []
    return Section("Settings", text, tables=[make_table("", (), rows)], listing=found)


def _as_text(value: object) -> str:
    """Return a setting as a reader would write it."""
    if value in (None, "", (), [], {}):
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_as_text(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_as_text, value))
    return str(value)
