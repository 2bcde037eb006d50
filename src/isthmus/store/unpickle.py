"""Published pickles, read by an unpickler that makes numpy arrays and builtin containers and nothing else.

This is the one place of the project that unpickles; only the `prepare` functions of data sets use it.
"""

import codecs
import importlib
import pickle
from pathlib import Path
from typing import IO, Any

from isthmus.errors import InputError
from isthmus.store.reading import drain, reading

ARRAYS = ("_reconstruct", "scalar")
CONTAINERS = ("bytearray", "bytes", "frozenset", "set")
ALLOWED = (
    {(f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ARRAYS}
    | {(f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")}
    | {("numpy", name) for name in ("ndarray", "dtype")}
    | {(module, name) for module in ("builtins", "__builtin__") for name in CONTAINERS}
    | {("_codecs", "encode")}
)


def unpickle(file: IO[bytes], path: Path | str) -> Any:
    """Read a pickle of arrays, numbers, text, and dicts, lists, tuples and sets of them.

    Text that Python 2 wrote is returned as bytes.

    Args:
        file: Stream, open at the start of the pickle.
        path: Location of the pickle, for messages.

    Raises:
        InputError: If it asks for anything else, is cut off or is no pickle.
    """
    with reading(path, "a pickle"):
        content = _ArrayUnpickler(file, path).load()
        drain(file)
    return content


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that refuses every class and function that is not in `ALLOWED`."""

    def __init__(self, file: IO[bytes], path: Path | str) -> None:
        super().__init__(file, encoding="bytes")
        self.path = path

    def find_class(self, module: str, name: str) -> Any:
        """Return an allowed class or function, and refuse any other."""
        if (module, name) not in ALLOWED:
            raise InputError(
                f"the pickle '{self.path}' asks for {module}.{name}; only numpy arrays and builtin "
                "containers are read",
                kind="file",
                key=self.path,
            )
        if name == "encode":
            return _encode_latin1
        module = module.replace("numpy.core", "numpy._core").replace("__builtin__", "builtins")
        return getattr(importlib.import_module(module), name)


def _encode_latin1(text: str, encoding: str) -> bytes:
    """Encode text to bytes as protocol 2 writes them, in Latin-1; refuse any other codec."""
    if codecs.lookup(encoding).name != "iso8859-1":
        raise ValueError(f"it asks for the codec {encoding}")
    return text.encode("latin1")
