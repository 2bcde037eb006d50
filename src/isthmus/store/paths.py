"""Where data lies: ROOT/NAME/published holds the published files, ROOT/NAME/prepared the arrays."""

import os
from pathlib import Path

from platformdirs import user_data_path

VARIABLE = "ISTHMUS_DATA"
"""Environment variable that names the folder of all data."""


def data_root(root: Path | str | None = None) -> Path:
    """Return the folder of all data.

    Args:
        root: Folder that the user gave; None for $ISTHMUS_DATA, or else the user's data folder of this
            platform (on Linux $XDG_DATA_HOME/isthmus or ~/.local/share/isthmus).
    """
    chosen = root or os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else user_data_path("isthmus", appauthor=False)


def published(name: str, root: Path | str | None = None) -> Path:
    """Return the folder of a data set's published files."""
    return data_root(root) / name / "published"


def prepared(name: str, root: Path | str | None = None) -> Path:
    """Return the folder of a data set's arrays."""
    return data_root(root) / name / "prepared"


def lock_file(name: str, root: Path | str | None = None) -> Path:
    """Return the file whose lock a process holds while it writes a data set.

    It lies outside of the data set's folders, which hold data alone.
    """
    return data_root(root) / ".locks" / f"{name}.lock"
