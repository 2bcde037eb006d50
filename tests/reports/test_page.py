"""A page is one file that loads nothing, and can be read by anyone."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from isthmus.plots.style import new_figure
from isthmus.reports.page import FORMATS, Page, render, write_page
from isthmus.reports.section import Drawing, Section, make_table

VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """What a page holds.

    Attributes:
        tags: Every tag with its attributes, in their order.
        unclosed: Tags that are open at the end.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.unclosed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag


@pytest.fixture
def page() -> Page:
    with new_figure() as figure:
        figure.subplots().plot([1, 2], [3, 4])
    drawing = Drawing("line", figure, 'a line from "3" to 4', "Caption <1>.")
    table = make_table("Title & more", ["name", "", "b"], [("x", 1.23456, None), ("<y>", 2, "z")], "A note.")
    sections = [
        Section("One", ["Text with <script>alert(1)</script>."], [drawing], [table]),
        Section("Two", listing="a: 1\nb: <2>"),
    ]
    return Page("Title <i>", "About.", [("Test error", "1 %", "a note"), ("Runs", "3", "")], sections)


def test_its_form(page):
    reader = Reader(render(page))
    assert reader.unclosed == []
    names = [tag for tag, _ in reader.tags]
    assert [name for name in names if re.fullmatch(r"h\d", name)] == ["h1", "h2", "h2"]
    assert dict(reader.tags)["html"] == {"lang": "en"}
    images = [attributes for tag, attributes in reader.tags if tag == "img"]
    assert [image["alt"] for image in images] == ['a line from "3" to 4']
    assert [a["scope"] for tag, a in reader.tags if tag == "th"] == ["col", "col", "row", "row"]
    ids = [a["id"] for _, a in reader.tags if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {a["href"] for tag, a in reader.tags if tag == "a"}
    assert targets == {"#content", "#s1", "#s2"}
    assert {target[1:] for target in targets} <= set(ids)


def test_it_loads_nothing(page):
    text = render(page)
    reader = Reader(text)
    places = [a[key] for _, a in reader.tags for key in ("src", "href", "srcset", "data") if key in a]
    assert places
    assert all(place.startswith(("data:", "#")) for place in places)
    assert "script" not in {tag for tag, _ in reader.tags}
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_what_is_written_is_shown_as_it_is(page):
    text = render(page)
    for shown in ("Title &lt;i&gt;", "&lt;script&gt;", "&lt;y&gt;", "Caption &lt;1&gt;.", "b: &lt;2&gt;"):
        assert shown in text
    assert "<td>1.235</td><td>-</td>" in text


def test_its_files(page, tmp_path: Path):
    files = write_page(page, tmp_path / "new" / "report")
    assert [file.name for file in files] == ["index.html", *(f"line.{kind}" for kind in FORMATS)]
    begins = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert all(file.read_bytes().startswith(begins[file.suffix[1:]]) for file in files[1:])
    once = {file.name: file.read_bytes() for file in files}
    assert {file.name: file.read_bytes() for file in write_page(page, tmp_path / "again")} == once
    assert len(list((tmp_path / "again").iterdir())) == 4  # nothing is left beside
