"""Every promise of docs/guarantees.md names tests, and every test that it names exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
PROMISES = [
    row.strip("| ").split(" | ")
    for row in PAGE.splitlines()
    if row.startswith("| ") and not row.startswith(("| promise", "| ---"))
]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", "\n".join(row[-1] for row in PROMISES))))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    functions = [
        node.name
        for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    ]
    assert name in functions


@pytest.mark.parametrize("promise", PROMISES, ids=lambda row: row[0][:40])
def test_a_promise_names_a_test(promise: list[str]) -> None:
    assert len(promise) == 2
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", promise[1])
    rest = re.sub(r"`(tests/[\w/]+\.py::test_\w+|benchmarks/\w+\.py)`(, )?", "", promise[1])
    assert rest == ""


def test_the_tables_are_there() -> None:
    assert len(PROMISES) > 20
    assert len(NAMED) > 30
