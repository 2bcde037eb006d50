"""Former place of `isthmus.tasks.custom`; its names are still found here, with a warning."""

import warnings
from typing import Any

from isthmus.tasks import custom


def __getattr__(name: str) -> Any:
    """Return a name of `isthmus.tasks.custom` and warn about its move."""
    new_name = "custom_task" if name == "own_task" else name
    if new_name not in custom.__all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    warnings.warn(
        f"isthmus.tasks.own.{name} is now isthmus.tasks.custom.{new_name}", DeprecationWarning, stacklevel=2
    )
    return getattr(custom, new_name)
