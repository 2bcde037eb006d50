"""Registries map names to things of one kind; the file that defines a thing registers it."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from isthmus.errors import unknown

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Mapping from names to things, filled by the modules of its packages.

    All modules of the packages are imported when a name is first looked up that none of the modules imported
    so far has registered, or when the names are listed. So a new file is found without being listed anywhere,
    and deleting the file deletes the feature.

    Args:
        kind: What the things are, for error messages: "task".
        packages: Packages whose modules register things.
    """

    def __init__(self, kind: str, *packages: str) -> None:
        self.kind = kind
        self._packages = packages
        self._things: dict[str, T] = {}
        self._complete = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers a class or function under a name.

        Args:
            name: Name that no other thing of this registry has.

        Raises:
            ValueError: When the decorator is applied, if another thing has the name.
        """

        def add(thing: T) -> T:
            if name in self._things and self._things[name] is not thing:
                raise ValueError(f"two {self.kind}s are named '{name}'")
            self._things[name] = thing
            return thing

        return add

    def __getitem__(self, name: str) -> T:
        """Return the thing with this name.

        Raises:
            InputError: If there is none; the message suggests the nearest name.
        """
        if name not in self._things:
            self._discover()
            if name not in self._things:
                raise unknown(self.kind, name, self._things)
        return self._things[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether a thing has this name."""
        return name in self._things or name in self._discover()

    def __iter__(self) -> Iterator[str]:
        """Iterate over all names in alphabetical order."""
        return iter(sorted(self._discover()))

    def __len__(self) -> int:
        """Return the number of things."""
        return len(self._discover())

    def _discover(self) -> Mapping[str, T]:
        """Import all modules of the packages, once, and return all things."""
        if not self._complete:
            self._complete = True  # set first, since the modules may look names up while they are imported
            for name in self._packages:
                for module in pkgutil.iter_modules(importlib.import_module(name).__path__):
                    importlib.import_module(f"{name}.{module.name}")
        return self._things
