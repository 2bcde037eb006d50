"""A page: sections rendered as one HTML file that loads nothing, and its figures beside it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from isthmus.files import atomic_write, make_folder, write_text
from isthmus.plots.style import as_bytes
from isthmus.reports.section import Section
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
    environment = Environment(
        loader=PackageLoader("isthmus.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = {
        drawing.name: base64.b64encode(as_bytes(drawing.figure, "svg")).decode()
        for section in page.sections
        for drawing in section.drawings
    }
    return environment.get_template("page.html").render(page=page, pictures=pictures, version=__version__)


def write_page(page: Page, folder: Path) -> list[Path]:
    """Write a page and its figures, each as PNG, SVG and PDF.

    Args:
        page: Page to write.
        folder: Folder for the files; it is made if need be.

    Returns:
        Paths of the files, the page first.
    """
    text = render(page)
    folder = make_folder(folder)
    files = [folder / PAGE]
    for section in page.sections:
        for drawing in section.drawings:
            for kind in FORMATS:
                files.append(folder / f"{drawing.name}.{kind}")
                content = as_bytes(drawing.figure, kind)
                with atomic_write(files[-1]) as part:
                    part.write_bytes(content)
    write_text(files[0], text)
    return files
