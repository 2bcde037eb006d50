"""The prose that every Python carries: the source `stdlib-text`.

It consists of the docstrings of the standard library (read from its source files, which are never imported),
the pages of the language reference that `help()` shows, and the licence, cut into passages and labelled by
topic.
"""

import ast
import sysconfig
import tokenize
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.sources.passages import cut_passages, evenly_spaced, paragraphs_of_prose
from isthmus.sources.source import Source, SourceEntry, sources

MODULES = {  # topic -> modules and packages whose docstrings are about it
    "networking": """
        http urllib socket socketserver ssl smtplib imaplib poplib ftplib nntplib telnetlib xmlrpc wsgiref
        ipaddress selectors webbrowser cgi smtpd asyncore asynchat uuid""",
    "documents": """
        email mailbox mimetypes xml html json csv configparser plistlib base64 quopri mailcap""",
    "text": """
        string re difflib textwrap codecs locale gettext stringprep pprint reprlib _strptime""",
    "files": """
        os shutil pathlib tempfile glob fnmatch tarfile zipfile gzip bz2 lzma _pyio io fileinput filecmp
        genericpath posixpath ntpath stat linecache pickle pickletools shelve dbm sqlite3 wave""",
    "concurrency": """
        asyncio threading multiprocessing concurrent queue subprocess sched contextvars contextlib
        _threading_local _weakrefset signal""",
    "mathematics": """
        decimal _pydecimal fractions statistics random numbers heapq bisect graphlib datetime _pydatetime
        calendar zoneinfo hashlib hmac secrets colorsys""",
    "testing": """
        unittest doctest pdb bdb trace traceback timeit profile pstats cProfile tracemalloc logging
        warnings""",
    "interfaces": """
        tkinter turtle curses argparse optparse getopt cmd getpass rlcompleter pydoc _pyrepl""",
    "packaging": """
        importlib venv zipapp sysconfig site pkgutil zipimport runpy modulefinder compileall py_compile
        platform imp distutils ensurepip""",
    "data types": """
        typing enum dataclasses collections _collections_abc functools operator weakref copy copyreg types
        abc""",
    "syntax": """
        ast tokenize dis inspect symtable pyclbr code codeop tabnanny token keyword opcode __future__""",
}

PAGES = {  # topic -> pages of the language reference
    "mathematics": """
        binary bitwise floating imaginary integers numbers numeric-types power shifting unary""",
    "text": "formatstrings string-methods strings",
    "testing": "assert debugger",
    "packaging": "import",
    "data types": """
        types specialnames attribute-access callable-types class customization dict lists sequence-types
        typesfunctions typesmapping typesmethods typesmodules typesseq typesseq-mutable objects specialattrs
        bltin-code-objects bltin-type-objects subscriptions slicings attribute-references""",
    "syntax": """
        compound assignment atom-identifiers atom-literals augassign async await booleans break calls
        comparisons context-managers continue conversions del dynamic-features else exceptions execmodel
        exprlists for function global id-classes identifiers if in lambda naming nonlocal operator-summary
        pass raise return truth try while with yield""",
}

LICENCE = "licence"


def load(root: Path | None = None, seed: int = 0) -> Source:
    """Make the source of the running Python's passages, in an order that only depends on its files.

    Raises:
        InputError: If this Python carries none of the files.
    """
    stdlib = Path(sysconfig.get_path("stdlib"))
    passages = {topic: found for topic, found in read_passages(stdlib).items() if found}
    if not passages:
        raise InputError(
            f"the source 'stdlib-text' found no text: '{stdlib}' holds no sources of the standard library",
            kind="file",
            key=stdlib,
        )
    y = np.repeat(np.arange(len(passages)), [len(found) for found in passages.values()])
    return Source("stdlib-text", "text", list(chain.from_iterable(passages.values())), y, tuple(passages))


def read_passages(stdlib: Path) -> dict[str, list[str]]:
    """Read the passages of each topic: at most `passages.MAX_PASSAGES`, evenly spaced over all of them.

    Files that are missing or cannot be read are skipped.
    """
    pages = _pages(stdlib / "pydoc_data" / "topics.py")
    seen: set[str] = set()  # pages repeat parts of one another
    passages = {}
    for topic, modules in MODULES.items():
        texts = [pages.get(page, "") for page in PAGES.get(topic, "").split()]
        documents = chain(texts, _documents(stdlib, modules.split()))
        passages[topic] = evenly_spaced(
            [p for text in documents for p in cut_passages(paragraphs_of_prose(text, seen))]
        )
    passages[LICENCE] = evenly_spaced(cut_passages(paragraphs_of_prose(_licence(stdlib), seen)))
    return passages


def _documents(stdlib: Path, modules: Iterable[str]) -> Iterator[str]:
    """Yield, for each source file of each module or package, all its docstrings."""
    for module in modules:
        inside = sorted((stdlib / module).rglob("*.py"))
        for path in [stdlib / f"{module}.py", *(p for p in inside if not {"test", "tests"} & {*p.parts})]:
            tree = _parse(path)
            yield "\n\n".join(_docstrings(tree)) if tree else ""


def _docstrings(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Yield the docstrings of a module, its classes and functions, and their methods."""
    yield ast.get_docstring(node) or ""
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _docstrings(child)


def _pages(path: Path) -> dict[str, str]:
    """Read the pages of the language reference, by name."""
    tree = _parse(path)
    for node in tree.body if tree else []:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            pages: dict[str, str] = ast.literal_eval(node.value)
            return pages
    return {}


def _licence(stdlib: Path) -> str:
    """Read the licence from where the interpreter itself looks for it."""
    for folder in (stdlib, stdlib.parent):
        for name in ("LICENSE.txt", "LICENSE"):
            if (folder / name).is_file():
                return (folder / name).read_text(encoding="utf-8", errors="replace")
    return ""


def _parse(path: Path) -> ast.Module | None:
    """Parse a source file; return None if it cannot be read."""
    try:
        with tokenize.open(path) as file:
            return ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return None


sources.register("stdlib-text")(
    SourceEntry(
        name="stdlib-text",
        about="prose that every Python carries: docstrings, language reference, licence; labelled by topic",
        modality="text",
        load=load,
    )
)
