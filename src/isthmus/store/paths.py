"""Where data lies: ROOT/NAME/published for files as they are published, ROOT/NAME/prepared for arrays."""

import os
import sys
from pathlib import Path

VARIABLE = "ISTHMUS_DATA"


def data_root(root: Path | str | None = None) -> Path:
    """The folder of all data: as given, or in the environment's ISTHMUS_DATA, or the user's data folder."""
    chosen = root or os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else _user_data() / "isthmus"


def published(name: str, root: Path | str | None = None) -> Path:
    """Where a data set's published files are."""
    return data_root(root) / name / "published"


def prepared(name: str, root: Path | str | None = None) -> Path:
    """Where a data set's arrays are."""
    return data_root(root) / name / "prepared"


def _user_data() -> Path:
    """The platform's folder of a user's data."""
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
