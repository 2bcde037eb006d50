"""A page: sections rendered as one HTML file that loads nothing, and its figures beside it."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from isthmus.files import atomic_write, make_folder, write_text
from isthmus.plots.style import as_bytes
from isthmus.reports.section import Drawing, Section
from isthmus.version import __version__

FOLDER, PAGE = "report", "index.html"
FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True, eq=False)
class Page:
    """Page for a reader.

    Attributes:
        title: Heading of the page.
        about: Sentence below it.
        facts: What matters most: name, value, and a few words about it.
        sections: Sections, in their order.
    """

    title: str
    about: str
    facts: Sequence[tuple[str, str, str]]
    sections: Sequence[Section]


def render(page: Page) -> str:
    """Render a page as HTML with everything inside: style, figures as SVG, no script."""
    return _render(page, {drawing.name: as_bytes(drawing.figure, "svg") for drawing in _drawings(page)})


def write_page(page: Page, folder: Path) -> list[Path]:
    """Write a page and its figures, each as PNG, SVG and PDF.

    Args:
        page: Page to write.
        folder: Folder for the files; it is made if need be.

    Returns:
        Paths of the files, the page first.
    """
    pictures = {
        f"{drawing.name}.{kind}": as_bytes(drawing.figure, kind)
        for drawing in _drawings(page)
        for kind in FORMATS
    }
    text = _render(page, {drawing.name: pictures[f"{drawing.name}.svg"] for drawing in _drawings(page)})
    folder = make_folder(folder)
    for name, content in pictures.items():
        with atomic_write(folder / name) as part:
            part.write_bytes(content)
    write_text(folder / PAGE, text)
    return [folder / name for name in (PAGE, *pictures)]


def _drawings(page: Page) -> list[Drawing]:
    """List the figures of a page."""
    return [drawing for section in page.sections for drawing in section.drawings]


def _render(page: Page, pictures: Mapping[str, bytes]) -> str:
    """Render a page whose figures are given as SVG, by their names."""
    environment = Environment(
        loader=PackageLoader("isthmus.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    encoded = {name: base64.b64encode(content).decode() for name, content in pictures.items()}
    return environment.get_template("page.html").render(page=page, pictures=encoded, version=__version__)
