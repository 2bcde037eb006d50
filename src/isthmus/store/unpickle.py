"""Published pickles, by an unpickler that makes numpy arrays and builtin containers and nothing else.

The one place of the project that unpickles; only `prepare` of a data set comes here.
"""

import codecs
import importlib
import pickle
from pathlib import Path
from typing import IO, Any

from isthmus.errors import InputError
from isthmus.store.reading import reading

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
    """What a pickle holds: arrays, numbers, text, and dicts, lists, tuples, sets of them.

    Text that Python 2 wrote is given as bytes.

    Args:
        file: open, at the pickle's start.
        path: for messages.

    Raises:
        InputError: if it asks for anything else, is cut off or is no pickle.
    """
    with reading(path, "a pickle"):
        return _Arrays(file, path).load()


class _Arrays(pickle.Unpickler):
    def __init__(self, file: IO[bytes], path: Path | str) -> None:
        super().__init__(file, encoding="bytes")
        self.path = path

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise InputError(
                f"the pickle '{self.path}' asks for {module}.{name}; only numpy arrays and builtin "
                "containers are read"
            )
        if name == "encode":
            return _latin
        module = module.replace("numpy.core", "numpy._core").replace("__builtin__", "builtins")
        return getattr(importlib.import_module(module), name)


def _latin(text: str, encoding: str) -> bytes:
    """How protocol 2 writes bytes; no other codec is asked for."""
    if codecs.lookup(encoding).name != "iso8859-1":
        raise ValueError(f"it asks for the codec {encoding}")
    return text.encode("latin1")
