"""Where numba keeps what it compiles, on a machine where it may write neither to packages nor to HOME."""

import atexit
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "NUMBA_CACHE_DIR"


def provide_numba_cache() -> None:
    """Give numba a private temporary folder for this process where it would find none to write to.

    Without one it refuses to import what asks for its cache, as aeon does. Call it before aeon is imported.
    """
    aeon = find_spec("aeon")
    package = None if aeon is None or aeon.origin is None else Path(aeon.origin).parent
    own = user_cache_path("numba", appauthor=False)
    if VARIABLE in os.environ or any(_can_write(folder) for folder in (package, own) if folder is not None):
        return
    folder = tempfile.mkdtemp(prefix="isthmus-numba-")  # nobody else's: its files are pickles
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[VARIABLE] = folder
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = folder


def _can_write(folder: Path) -> bool:
    """Return whether a folder can be written to, or made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)
