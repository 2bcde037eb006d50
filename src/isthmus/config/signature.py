"""Signatures of functions that take settings as keywords."""

import inspect
from collections.abc import Callable
from typing import Any

from isthmus.config.schema import SETTINGS


def with_settings_signature(function: Callable[..., Any]) -> None:
    """Let `inspect.signature` and `help` show every setting of a function that takes `**settings`."""
    own = inspect.signature(function).parameters.values()
    kept = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
    added = [
        inspect.Parameter(
            setting.name, inspect.Parameter.KEYWORD_ONLY, default=setting.default, annotation=setting.type
        )
        for setting in SETTINGS.values()
        if setting.name not in {p.name for p in kept}
    ]
    function.__dict__["__signature__"] = inspect.Signature([*kept, *added])
