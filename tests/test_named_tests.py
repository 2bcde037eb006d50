"""Every test that a page of the documentation names exists, and each row of docs/fidelity.md names one."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))}
NAMED = sorted(
    {
        (page, f"tests/{file.removeprefix('tests/')}", function)
        for page, text in PAGES.items()
        for file, function in re.findall(r"`((?:\w+/)*test_\w+\.py)(?:::(test_\w+))?`", text)
    }
)
CELLS = re.compile(r"(?<!\\)\|")
"""What separates the cells of a row; a bar in a cell has a backslash"""
ROWS = [
    cells
    for cells in (CELLS.split(row)[1:-1] for row in PAGES["fidelity.md"].split("\n") if row.startswith("| "))
    if len(cells) == 5 and cells[0].strip() not in ("system, task", "---")
]
FILES = {path.name for path in (ROOT / "tests").rglob("test_*.py")}


@cache
def functions(file: str) -> set[str]:
    """Names of the functions of a test file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", sorted({page for page, _, _ in NAMED}))
def test_tests_that_a_page_names_exist(page: str) -> None:
    for _, file, function in (named for named in NAMED if named[0] == page):
        assert (ROOT / file).is_file() or file.removeprefix("tests/") in FILES, file
        assert not function or function in functions(file), f"{file}::{function}"


def test_each_row_of_what_is_as_published_names_a_test() -> None:
    assert len(ROWS) > 50
    without = [cells[0] for cells in ROWS if "test_" not in cells[4]]
    assert without == [cells[0] for cells in ROWS if cells[4].strip() == "-"]  # says so itself
