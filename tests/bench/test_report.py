"""Tables are made from run folders, and put where a page has a place for them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isthmus.bench import Comparison, report
from isthmus.bench.grid import Grid
from isthmus.bench.jobs import jobs
from isthmus.bench.records import write_failure
from isthmus.executors import Failure

Make = Callable[..., Grid]
Write = Callable[..., Path]
FILES = ("runs.csv", "table.csv", "table.md", "table.tex", "tests.csv")
PAGE = """# Results
Above.
<!-- isthmus report other -->
other
<!-- end of report -->
<!-- isthmus report grid -->
old
<!-- end of report -->
Below.
"""


@pytest.fixture
def folder(written: Write, grid_of: Make) -> Path:
    return written(grid_of())


def test_every_table_is_written(folder: Path) -> None:
    report(folder)
    for name in FILES:
        assert (folder / name).stat().st_size > 0
    assert "**Against one**" in (folder / "table.md").read_text()
    assert "**Against two**" in report(folder, reference="two").markdown()


def test_figures_come_from_the_folders(folder: Path, tmp_path: Path) -> None:
    before = report(folder).markdown()
    moved = Path(shutil.move(folder, tmp_path / "moved"))
    assert report(moved).markdown() == before
    file = moved / "runs" / "a" / "one-swin-micro-0" / "result.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"error": 0.999}))
    assert report(moved).markdown() != before


def test_missing_and_failed_runs_are_said(written: Write, grid_of: Make) -> None:
    grid = grid_of()
    folder = written(grid, {"a/one-swin-micro-0": None, "b/two-swin-micro-1": None})
    write_failure(folder, jobs(grid)[0], Failure("no memory"))
    text = report(folder).markdown()
    assert text.count("(2 of 3)") == 2
    assert "| a | one | 0 | no memory |" in text
    assert repr(report(folder)) == f"<Comparison '{folder}': 10 done, 1 failed, 1 missing>"


def test_published_rows_stand_below(written: Write, grid_of: Make) -> None:
    task = {"name": "nasbench360/ecg", "label": "heart"}
    text = report(written(grid_of(tasks=[task]))).markdown()
    assert text.index("| heart") < text.index("**Published") < text.index("| nasbench360/ecg, 1 - F1 |")


def test_into_a_page(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    page.write_text(PAGE)
    tables = report(folder, into=page).markdown()
    begin, end = "<!-- isthmus report grid -->", "<!-- end of report -->"
    assert page.read_text() == PAGE.replace(f"{begin}\nold\n{end}", f"{begin}\n\n{tables}\n{end}")
    once = page.read_text()
    report(folder, into=page)
    assert page.read_text() == once


@pytest.mark.parametrize(
    "text",
    [
        "",
        PAGE.replace("report grid", "report grid2"),
        PAGE.replace("old\n<!-- end of report -->", "old"),
        PAGE.replace("other -->\nother\n<!-- end of report -->", "grid -->"),  # opened twice, closed once
        PAGE + PAGE,
    ],
)
def test_a_page_without_one_place(
    folder: Path, tmp_path: Path, text: str, refuses: Callable[..., Any]
) -> None:
    page = tmp_path / "results.md"
    page.write_text(text)
    with refuses("file", page):
        report(folder, into=page)
    assert page.read_text() == text
    assert not (folder / "table.md").exists()


def test_a_page_that_cannot_be_read(folder: Path, tmp_path: Path, refuses: Callable[..., Any]) -> None:
    for page in (tmp_path / "none.md", tmp_path):
        with refuses("file", page):
            report(folder, into=page)
        assert not (folder / "table.md").exists()


def test_not_the_folder_of_a_grid(folder: Path, tmp_path: Path, refuses: Callable[..., Any]) -> None:
    for other in (tmp_path, tmp_path / "none", folder / "runs"):
        with refuses("file", other):
            Comparison(other)
    with refuses("unknown", "three"):
        report(folder, reference="three")
    (folder / "grid.yaml").write_text("tasks: [a]\n")
    with refuses("missing", "methods"):
        report(folder)
