"""What classes and functions say about themselves, read from their source: nothing is imported or run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

Definition = ast.ClassDef | ast.FunctionDef


@dataclass(frozen=True)
class Outline:
    """What is said of a thing in a registry.

    Attributes:
        about: First line of its docstring.
        options: Its keyword-only parameters and their defaults as text, by name.
    """

    about: str
    options: dict[str, str]


def outline(module: str, name: str) -> Outline:
    """Read what the thing says that a module registers under a name.

    Args:
        module: Dotted name of the module.
        name: Name that a decorator registers it under.
    """
    definition = next(found for found in _definitions(module).values() if name in _registered(found))
    about = (ast.get_docstring(definition) or "").split("\n")[0]
    return Outline(about, _options(module, definition))


def _options(module: str, definition: Definition) -> dict[str, str]:
    """Return the keyword-only parameters of a function, or of the constructor that a class has."""
    if isinstance(definition, ast.FunctionDef):
        arguments = definition.args
        pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        return {argument.arg: _text(module, default) for argument, default in pairs}
    for item in definition.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return _options(module, item)
    for base in definition.bases:
        home, found = _find(module, ast.unparse(base.value if isinstance(base, ast.Subscript) else base))
        if found is not None and (options := _options(home, found)):
            return options
    return {}


def _text(module: str, default: ast.expr | None) -> str:
    """Return a default as Python shows its value; a constant of the module is looked up."""
    if isinstance(default, ast.Name):
        for statement in _tree(module).body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == default.id:
                return _text(module, statement.value)
    try:
        return str(ast.literal_eval(default)) if default is not None else ""
    except ValueError:
        return ast.unparse(default) if default is not None else ""


def _find(module: str, name: str) -> tuple[str, Definition | None]:
    """Find a class or function by the name that a module uses for it: its own module, and its definition."""
    if name in _definitions(module):
        return module, _definitions(module)[name]
    houses = ("isthmus.", f"{module.split('.')[0]}.")
    for statement in _tree(module).body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(houses):
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return _find(str(statement.module), alias.name)
    return module, None


def _registered(definition: Definition) -> Iterator[str]:
    """Yield the names that decorators `REGISTRY.register("NAME")` give a definition."""
    for call in definition.decorator_list:
        match call:
            case ast.Call(func=ast.Attribute(attr="register"), args=[ast.Constant(value=str(name))]):
                yield name


@cache
def _definitions(module: str) -> dict[str, Definition]:
    """Return the classes and functions of a module by name."""
    return {s.name: s for s in _tree(module).body if isinstance(s, ast.ClassDef | ast.FunctionDef)}


@cache
def _tree(module: str) -> ast.Module:
    """Parse a module; its package is not imported."""
    top, *inside = module.split(".")
    spec = find_spec(top)
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent.joinpath(*inside)
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse((file if inside else Path(spec.origin)).read_text(encoding="utf-8"))
