"""Reference pages that are made from the code when the site is built (an MkDocs hook).

MkDocs calls `on_config`, `on_files` and `on_post_page`. Nothing is written into the source tree.
"""

import ast
import importlib
import inspect
import logging
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.hooks.generate")  # under mkdocs, so that a warning fails a strict build

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "isthmus"

SETTINGS = """# Settings

A run is described by its task and these settings. They have the same names everywhere:

| where | how |
| --- | --- |
| Python | `isthmus.fit("GunPoint", batch_size=8)` |
| command line | `isthmus fit GunPoint --batch-size 8`; lists and mappings are YAML: `--freeze '[query]'` |
| file for `--config` | `batch_size: 8`, alone or in its group as in the `config.yaml` of a run |

`method`, `embedder`, `augment` and `schedule` take a name, or a name with options
([all names and options](options.md)): `method={"name": "pare", "start": 0.5}` in Python,
`--set method.start=0.5` on the command line, `method: {name: pare, start: 0.5}` in a file.

A setting that the method does not use is refused. What each method uses is said under its name in
[Names and options](options.md#methods). The options of `isthmus compare` hold for a whole grid: there each
method takes the settings that it uses.
"""
GROUP_TITLES = {
    "": "Of every method",
    "model": "Model",
    "data": "Data",
    "optim": "Optimisation",
    "runtime": "Runtime",
}
OPTIONS = """# Names and options

Everything that is chosen by name. Methods, embedders, augmentations, schedules and loggers
have options. Set them as
`--set method.start=0.5` on the command line and as `method={"name": "pare", "start": 0.5}` in Python.
"""
COMMANDS = """# Command line

Exit codes: 0 done, 2 the input is wrong (one line says what), 130 interrupted, 1 a fault of isthmus.
"""


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Add a page for each package with public names to the reference section of the navigation."""
    pages = [{name: f"reference/{name}.md"} for name in public_names()]
    section = next(part["Reference"] for part in config.nav or [] if "Reference" in part)
    section.append({"Python": pages})
    return config


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the generated pages to the files of the site."""
    from mkdocs.structure.files import File

    pages = {
        "reference/cli.md": command_line(),
        "reference/settings.md": settings(),
        "reference/options.md": options(),
        "contributing.md": (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    }
    pages |= {f"reference/{module}.md": page for module, page in python_pages().items()}
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_post_page(output: str, page: "Page", config: "MkDocsConfig") -> str:
    """Warn of a page that loads something from another host: the site must be readable without a network."""
    for found in re.findall(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=.?https?://[^\s>]*", output):
        log.warning("%s loads from another host: %s", page.file.src_uri, found)
    return output


def public_names() -> dict[str, list[str]]:
    """Return the names in `__all__` of every package and module of isthmus that has one."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        names = _exported(path)
        if names:
            module = path.parent if path.name == "__init__.py" else path.with_suffix("")
            found[".".join(module.relative_to(PACKAGE.parent).parts)] = names
    return found


def _exported(path: Path) -> list[str]:
    """Return what a module assigns to `__all__`, read without importing it."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return sorted(ast.literal_eval(statement.value), key=str.lower)
    return []


def python_pages() -> dict[str, str]:
    """Return a page for each module: its docstring and its public names, for mkdocstrings to fill in.

    A name that an earlier page has too, under another module, becomes a link to it.
    """
    pages = {}
    homes: dict[int, tuple[str, str]] = {}
    for module, names in public_names().items():
        imported = importlib.import_module(module)
        parts = [f"# {module}", inspect.getdoc(imported) or ""]
        for name in names:
            thing = getattr(imported, name)
            home, defined = homes.setdefault(id(thing), (module, _defined(thing, f"{module}.{name}")))
            parts.append(
                f"::: {defined}"
                if home == module
                else f"## {name}\n\nThe same as [`{home}.{name}`][{defined}]."
            )
        pages[module] = "\n\n".join(parts) + "\n"
    return pages


def _defined(thing: Any, path: str) -> str:
    """Return where a class or function is defined; its package may have a submodule of the same name."""
    defined = inspect.isclass(thing) or inspect.isfunction(thing)
    return f"{thing.__module__}.{thing.__qualname__}" if defined else path


def settings() -> str:
    """Return the page of all settings of a run, a table for each group."""
    from isthmus.config.cli import settings_table
    from isthmus.config.schema import SETTINGS as KNOWN

    text = SETTINGS
    for group, rows in groupby(settings_table(), lambda row: KNOWN[row[0]].group):
        where = f"In `config.yaml` under `{group}`." if group else "In `config.yaml` beside the groups."
        cells = [[f"`{name}`", f"`{kind}`", _code(default), about] for name, kind, default, about in rows]
        table = _table(("setting", "type", "default", "what it is"), cells)
        text += f"\n## {GROUP_TITLES[group]}\n\n{where}\n\n{table}"
    return text


def _code(text: str) -> str:
    """Return text as code; nothing for no text."""
    return text and f"`{text}`"


def options() -> str:
    """Return the page of everything that is chosen by name, with the options of each."""
    from isthmus.augmentation import augmentations
    from isthmus.listing import LISTINGS
    from isthmus.loggers import loggers
    from isthmus.methods import methods
    from isthmus.model import embedders
    from isthmus.schedules import schedules

    kinds: dict[str, tuple[str, Mapping[str, Any]]] = {
        "Methods": ("method", methods),
        "Embedders": ("embedder", embedders),
        "Augmentations": ("augment", augmentations),
        "Schedules": ("schedule", schedules),
        "Loggers": ("logger", loggers),
    }
    text = OPTIONS
    for title, (setting, registry) in kinds.items():
        text += f"\n## {title}\n"
        for name, thing in registry.items():
            used = f"{_used(thing)}\n\n" if setting == "method" else ""
            text += f"\n### {name}\n\n{used}{_part(setting, thing)}\n"
    for kind in ("mixers", "backbones", "sources", "floors", "tasks"):
        header, rows = LISTINGS[kind]()
        text += f"\n## {kind.title()}\n\n{_table(tuple(header), [list(row) for row in rows])}"
    return text


def _used(method: Any) -> str:
    """Return a line about the settings that a method uses."""
    from isthmus.methods.method import TRAINING_SETTINGS, NamedByTask

    if issubclass(method, NamedByTask):
        return "Settings: those of the method that the task names."
    trains = method.settings >= TRAINING_SETTINGS
    more = sorted(method.settings - TRAINING_SETTINGS if trains else method.settings)
    groups = ["all of *Data*, *Optimisation* and *Runtime*"] if trains else []
    used = ", ".join([*groups, *(f"`{name}`" for name in more)])
    return f"[Settings](settings.md): {used or 'none but the seed'}."


def _part(setting: str, thing: Any) -> str:
    """Return the docstring of a registered thing and a table of its options."""
    doc = inspect.getdoc(thing) or ""
    about = doc.partition("\nArgs:\n")[0]
    described: dict[str, str] = {}
    for base in reversed(inspect.getmro(thing) if inspect.isclass(thing) else (thing,)):
        described |= _arguments((inspect.getdoc(base) or "").partition("\nArgs:\n")[2])
    keywords = [p for p in inspect.signature(thing).parameters.values() if p.kind is p.KEYWORD_ONLY]
    rows = [
        [
            f"`{setting}.{p.name}`",
            f"`{_type_name(p.annotation)}`",
            f"`{p.default}`",
            described.get(p.name, ""),
        ]
        for p in keywords
    ]
    table = _table(("option", "type", "default", "what it is"), rows) if rows else ""
    return f"{about.strip()}\n\n{table}"


def _arguments(section: str) -> dict[str, str]:
    """Return the entries of a docstring's Args section; an entry may name several parameters."""
    section = re.split(r"\n\n?\S", section)[0]
    entries = re.findall(r"^ {4}([\w, ]+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}


def _type_name(annotation: Any) -> str:
    """Return a type as it is written in code, without the checks that `Annotated` adds."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(arguments[0])
    if origin is Literal:
        return f"Literal{list(arguments)}"
    if origin in (Union, UnionType):
        return " | ".join(map(_type_name, arguments))
    if origin is not None:
        return f"{_type_name(origin)}[{', '.join(map(_type_name, arguments))}]"
    if annotation in (NoneType, ...):
        return "None" if annotation is NoneType else "..."
    return str(getattr(annotation, "__name__", annotation))


def command_line() -> str:
    """Return the page of all commands with their arguments and options."""
    import typer
    import typer.main

    from isthmus.cli.app import app

    command: Any = typer.main.get_command(app)
    return COMMANDS + "".join(_commands(command, typer.Context(command), "isthmus"))


def _commands(command: Any, context: Any, name: str) -> Iterator[str]:
    """Yield the section of a command and of its subcommands."""
    children = getattr(command, "commands", {})
    if not children:
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        records = [p.get_help_record(context) for p in command.get_params(context)]
        rows = [[f"`{' '.join(typed.split())}`", about] for typed, about in filter(None, records)]
        yield f"\n## {name}\n\n{inspect.cleandoc(command.help or '')}\n\n```\n{usage}\n```\n\n"
        yield _table(("argument or option", "what it is"), rows)
    for child, inner in children.items():
        yield from _commands(inner, context, f"{name} {child}")


def _table(header: tuple[str, ...], rows: list[list[str]]) -> str:
    """Return a Markdown table; bars inside cells are escaped, but for those in code, which need it not."""
    lines = [header, ["---"] * len(header), *rows]
    cells = [
        [re.sub(r"(`[^`]*`)|\|", lambda bar: bar[1] or r"\|", " ".join(cell.split())) for cell in line]
        for line in lines
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)
