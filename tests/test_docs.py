"""Documentation: links lead somewhere, every public name and setting has a place, tables have theirs.

`make docs` builds the site and checks the rest.
"""

import importlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from isthmus.config.schema import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
GENERATED = ("reference/cli.md", "reference/settings.md", "reference/options.md")


def load_script(path: Path) -> ModuleType:
    """Import a script that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    return load_script(DOCS / "generate.py")


def links(page: Path) -> Iterator[str]:
    """Yield the targets of a page's links and pictures that are not on another host."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            yield target


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Python-Markdown makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = [re.sub(r"[^\w\s-]", "", title).strip().lower() for title in titles]
    return {re.sub(r"[-\s]+", "-", title) for title in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path, generate: ModuleType) -> None:
    generated = {DOCS / name for name in GENERATED}
    generated |= {DOCS / "reference" / f"{module}.md" for module in generate.public_names()}
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if target in generated:
            continue
        assert target.is_file(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link} leads to no heading"


def test_every_public_name_has_a_place_in_the_reference(generate: ModuleType) -> None:
    pages = generate.python_pages()
    for module, page in pages.items():
        entries = set(re.findall(r"^(?:::: [\w.]+\.|## )(\w+)$", page, re.MULTILINE))
        assert set(importlib.import_module(module).__all__) == entries, module
    rooms = ["alignment", "augmentation", "backbones", "bench", "config", "errors", "mixing", "model"]
    rooms += ["recipes", "sources", "tasks", "training"]
    assert set(pages) >= {"isthmus", *(f"isthmus.{room}" for room in rooms)}


def test_every_setting_is_described(generate: ModuleType) -> None:
    rows = re.findall(r"^\| `(\w+)` \| `[^`]+` \| .* \| (.*) \|$", generate.settings(), re.MULTILINE)
    assert [name for name, _ in rows] == list(SETTINGS)
    assert [name for name, about in rows if not about] == []


def test_every_option_is_described(generate: ModuleType) -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| `.*` \| (.*) \|$", generate.options(), re.MULTILINE)
    assert {"method.start", "schedule.end", "augment.strength"} <= {name for name, _ in rows}
    assert [name for name, about in rows if not about] == []


def test_every_command_and_every_registered_name_has_a_heading(generate: ModuleType) -> None:
    from isthmus.methods import methods

    assert {"## isthmus fit", "## isthmus data prepare"} <= set(generate.command_line().splitlines())
    assert {f"### {name}" for name in methods} <= set(generate.options().splitlines())


def test_a_bar_in_a_type_does_not_end_a_cell_of_a_table(generate: ModuleType) -> None:
    markdown = importlib.import_module("markdown")
    html = markdown.markdown(generate.settings(), extensions=["tables"])
    assert "<code>last|best</code>" in html
    cells = [row.count("<td>") for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL)]
    assert cells.count(4) == len(SETTINGS)
    assert set(cells[cells.index(4) :]) <= {0, 4}  # 0 for the header of a group's table


def test_every_grid_of_the_study_has_a_page_with_one_place_for_its_tables() -> None:
    grids = re.findall(r"^GRIDS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split()
    assert grids
    for grid in grids:
        text = (DOCS / "results" / f"{grid}.md").read_text(encoding="utf-8")
        assert text.count(f"<!-- isthmus report {grid} -->") == 1
        assert text.count("<!-- end of report -->") == 1


def test_pictures_are_drawn_from_the_tables() -> None:
    pictures = load_script(ROOT / "benchmarks" / "study" / "pictures.py")
    assert pictures.error("**22.3 ± 2.0**".replace("*", "")) == (22.3, 2.0)
    assert pictures.error("0.383") == (0.383, 0)
    assert pictures.error("- (0 of 3)") is None
    table = pictures.read_table("study", "|")
    assert all(pictures.error(table["nft"][title]) for title in table["nft"])
    shown = re.findall(r"\(pictures/(\w+)\.png\)", (DOCS / "results.md").read_text(encoding="utf-8"))
    assert len(shown) == len(set(shown))
