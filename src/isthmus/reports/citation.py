"""Section about what to cite: isthmus, the method's paper, the task's own reference."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from isthmus.methods import methods
from isthmus.reports.section import Section, make_table
from isthmus.tasks import tasks

FILE = "CITATION.cff"
PLACES = (Path(__file__).parents[1] / FILE, Path(__file__).parents[3] / FILE)
"""In an installed package, and in a checkout"""


def citation_section(task: str, method: str) -> Section:
    """Tell what to cite for a run of a method on a task."""
    text = [] if task in tasks else ["The data is your own."]
    return Section("Citation", text, tables=[make_table("", (), citation_rows([task], [method]))])


def citation_rows(task_names: Sequence[str], method_names: Sequence[str]) -> list[tuple[str, str]]:
    """Return what to cite, and for what: isthmus, methods, and the tasks that are known by name."""
    citation = read_citation()
    rows = [("isthmus", as_reference(citation))]
    for method in dict.fromkeys(method_names):
        rows += [(f"method {method}", reference) for reference in _of_method(method, citation)]
    for task in [name for name in dict.fromkeys(task_names) if name in tasks]:
        data, reference = tasks[task].data, tasks[task].reference
        of_data = data.citation if data is not None else ()
        rows += [(f"task {task}", text) for text in of_data or (reference,) if text]
    return rows


def _of_method(method: str, citation: Mapping[str, Any]) -> list[str]:
    """Return the references of a method: those of the file, else the line that it is described by."""
    known = [
        as_reference(reference)
        for reference in citation.get("references", ())
        if f"method `{method}`" in reference.get("notes", "")
    ]
    described = (methods[method].__doc__ or "").strip().splitlines()[:1] if method in methods else []
    return known or described


def read_citation() -> dict[str, Any]:
    """Read the `CITATION.cff` of isthmus."""
    path = next(path for path in PLACES if path.is_file())
    citation: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return citation


def as_reference(entry: Mapping[str, Any]) -> str:
    """Return an entry of a CITATION.cff as a line: authors, title, where, version or year."""
    people = [
        " ".join(part for part in (person.get("family-names"), person.get("given-names")) if part)
        or str(person.get("name"))
        for person in entry["authors"]
    ]
    year = entry.get("year") or str(entry.get("date-released", ""))[:4]
    version = f"version {entry['version']}" if "version" in entry else None
    authors = ", ".join(people).replace(", others", " et al.")
    parts = [authors, entry["title"], entry.get("collection-title"), version, str(year)]
    return ". ".join(part.removesuffix(".") for part in parts if part) + "."
