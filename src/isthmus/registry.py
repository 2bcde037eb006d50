"""Registries map names to things of one kind; the file that defines a thing registers it."""

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Generic, TypeVar

from isthmus.errors import InputError, unknown
from isthmus.plugins import PlugIn, plug_ins

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Mapping from names to things, filled by the modules of its packages.

    All modules of the packages are imported when a name is first looked up that none of the modules imported
    so far has registered, or when the names are listed. So a new file is found without being listed anywhere,
    and deleting the file deletes the feature.

    Args:
        kind: What the things are, for error messages: "task".
        packages: Packages whose modules register things.
        aliases: Other names that answer too, each with the name of its thing; they are not listed.
        variable: Name of the variable that holds this registry, by which plug-ins add to it: "tasks"; empty
            for none.
    """

    def __init__(
        self, kind: str, *packages: str, aliases: Mapping[str, str] | None = None, variable: str = ""
    ) -> None:
        self.kind, self._aliases = kind, aliases or {}
        self._packages = packages
        self._variable = variable
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
                raise _name_taken(self.kind, name)
            self._things[name] = thing
            return thing

        return add

    def canonical(self, name: str) -> str:
        """Return the name that a thing is registered under, where another name of it is given."""
        return self._aliases.get(name, name)

    def check(self, name: str) -> None:
        """Raise InputError unless a thing has this name; the message suggests the nearest name."""
        if name not in self:
            raise unknown(self.kind, name, self)

    def __getitem__(self, name: str) -> T:
        """Return the thing with this name.

        Raises:
            InputError: If there is none; the message suggests the nearest name.
        """
        name = self.canonical(name)
        if name not in self._things:
            self.check(name)
        return self._things[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether a thing has this name."""
        known = self.canonical(name) if isinstance(name, str) else name
        return known in self._things or known in self._discover()

    def __iter__(self) -> Iterator[str]:
        """Iterate over all names in alphabetical order, without aliases."""
        return iter(sorted(self._discover()))

    def __len__(self) -> int:
        """Return the number of things."""
        return len(self._discover())

    def _discover(self) -> Mapping[str, T]:
        """Import all modules of the packages and plug-ins, once, and return all things."""
        if not self._complete:
            self._complete = True  # set first, since the modules may look names up while they are imported
            try:
                for name in self._packages:
                    _import_all(name)
                for plug_in in plug_ins(self._variable):
                    with _blamed(plug_in):
                        _import_all(plug_in.module)
            except BaseException:
                self._complete = False
                raise
        return self._things


class LazyRegistry(Registry[T]):
    """Registry whose names are read from the source of its packages, where they are written as literals.

    A module is imported when one of its things is looked up, never to learn which names there are. This is
    for things whose modules import what is heavy: networks, metrics.

    Args:
        kind: What the things are, for error messages: "method".
        packages: Packages whose modules register things, each with `VARIABLE.register("NAME")`.
        variable: Name of the variable that the modules know this registry by: "methods".
    """

    def __init__(self, kind: str, *packages: str, variable: str) -> None:
        super().__init__(kind, *packages, variable=variable)

    def module(self, name: str) -> str | None:
        """Return the module that registers a name; None if it was registered by another program."""
        return self._modules().get(name)

    def __getitem__(self, name: str) -> T:
        """Return the thing with this name; its module is imported.

        Raises:
            InputError: If there is none; the message suggests the nearest name.
        """
        if name not in self._things:
            self.check(name)
            module = self._modules()[name]
            with ExitStack() as stack:
                for plug_in in plug_ins(self._variable):
                    if f"{module}.".startswith(f"{plug_in.module}."):
                        stack.enter_context(_blamed(plug_in))
                importlib.import_module(module)
        return self._things[name]

    def __contains__(self, name: object) -> bool:
        """Tell whether a thing has this name."""
        return name in self._things or name in self._modules()

    def __iter__(self) -> Iterator[str]:
        """Iterate over all names in alphabetical order."""
        return iter(sorted({*self._things, *self._modules()}))

    def __len__(self) -> int:
        """Return the number of things."""
        return len({*self._things, *self._modules()})

    def _modules(self) -> Mapping[str, str]:
        """Return the module of each name."""
        found = {name: module for package in self._packages for name, module in self._named_in(package)}
        for plug_in in plug_ins(self._variable):
            with _blamed(plug_in):
                for name, module in self._named_in(plug_in.module):
                    if found.setdefault(name, module) != module:
                        raise _name_taken(self.kind, name)
        return found

    def _named_in(self, package: str) -> Iterator[tuple[str, str]]:
        """Yield name and module of what a package, or a module, registers here."""
        return (
            (name, module) for variable, name, module in registrations(package) if variable == self._variable
        )


def _name_taken(kind: str, name: str) -> ValueError:
    """Make the error for a name that another thing has already."""
    return ValueError(f"two {kind}s are named '{name}'")


def _import_all(package: str) -> None:
    """Import a module, or a package with all its modules."""
    imported = importlib.import_module(package)
    for module in pkgutil.iter_modules(getattr(imported, "__path__", [])):
        importlib.import_module(f"{package}.{module.name}")


@contextmanager
def _blamed(plug_in: PlugIn) -> Iterator[None]:
    """Raise InputError that names a plug-in if anything goes wrong in it."""
    try:
        yield
    except Exception as error:
        raise InputError(
            f"the plug-in '{plug_in.package}' {plug_in.version} cannot be used: {plug_in.module}:"
            f" {error or type(error).__name__}; mend it, or remove it: pip uninstall {plug_in.package}",
            kind="dependency",
            key=plug_in.package,
        ) from error


@cache
def registrations(package: str) -> tuple[tuple[str, str, str], ...]:
    """List what the modules of a package register, without running them: (variable, name, module).

    Only names that are written as literals are seen, in statements and decorators of the module itself.

    Args:
        package: Dotted name of the package, or of a single module.

    Raises:
        ModuleNotFoundError: If there is none.
    """
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"No module named '{package}'", name=package)
    files = [(Path(spec.origin), package)] if spec.origin and not spec.submodule_search_locations else []
    for folder in map(Path, spec.submodule_search_locations or []):
        for path in sorted([*folder.glob("*.py"), *folder.glob("*/__init__.py")]):
            inside = path.parent if path.name == "__init__.py" else path.with_suffix("")
            files.append((path, ".".join([package, *inside.relative_to(folder).parts])))
    found = []
    for path, module in files:
        text = path.read_text(encoding="utf-8")
        if ".register(" in text:
            found += [(variable, name, module) for variable, name in _registered(ast.parse(text))]
    return tuple(found)


def _registered(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield variable and name of each `VARIABLE.register("NAME")` of a module."""
    for statement in tree.body:
        called: list[ast.expr] = []
        if isinstance(statement, ast.ClassDef | ast.FunctionDef):
            called = statement.decorator_list
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            called = [statement.value.func]
        for call in called:
            match call:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=variable), attr="register"),
                    args=[ast.Constant(value=str(name))],
                ):
                    yield variable, name
