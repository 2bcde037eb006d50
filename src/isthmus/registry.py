"""Names for things of a kind: a file registers what it defines; deleting the file deletes the feature."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from isthmus.errors import unknown

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A mapping from name to thing, filled by the modules of its packages.

    The packages' modules are imported on the first look-up, so that a new file is found without
    being listed anywhere. An unknown name is an `InputError` that says the nearest known one.
    """

    def __init__(self, what: str, *packages: str) -> None:
        self.what = what
        self._packages = packages
        self._things: dict[str, T] = {}
        self._complete = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator that files a class or function under `name`."""

        def add(thing: T) -> T:
            if name in self._things and self._things[name] is not thing:
                raise ValueError(f"two {self.what}s are named '{name}'")
            self._things[name] = thing
            return thing

        return add

    def __getitem__(self, name: str) -> T:
        self._discover()
        if name not in self._things:
            raise unknown(self.what, name, self._things)
        return self._things[name]

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(sorted(self._things))

    def __len__(self) -> int:
        self._discover()
        return len(self._things)

    def _discover(self) -> None:
        if self._complete:
            return
        self._complete = True
        for name in self._packages:
            for module in pkgutil.iter_modules(importlib.import_module(name).__path__):
                importlib.import_module(f"{name}.{module.name}")
