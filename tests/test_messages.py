"""`refuses` holds an error to its kind, its key, one line, and the message that `messages.txt` has."""

import shutil
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest
from isthmus.errors import InputError

@pytest.mark.parametrize("name", ["a", "b"])
def test_name(refuses, name, tmp_path):
    with refuses("file", tmp_path / name):
        raise InputError(f"no file '{tmp_path / name}'", kind="file", key=tmp_path / name)

def test_foreign(refuses):
    with refuses("value", "x", upto="cannot be read:"):
        raise InputError("x cannot be read: 0x7f", key="x")
"""
LINES = [
    "test_it.py::test_foreign\tx cannot be read: ...",
    "test_it.py::test_name[a]\tno file 'TMP/a'",
    "test_it.py::test_name[b]\tno file 'TMP/b'",
]


class Suite:
    """A folder of tests with the conftest of this one."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        folder = pytester.mkdir("testing")
        shutil.copy(Path(__file__).with_name("conftest.py"), folder)
        self.tests, self.golden = folder / "test_it.py", folder / "messages.txt"
        self.tests.write_text(TESTS)

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(
            "--import-mode=importlib", "-p", "no:cacheprovider", *arguments
        )

    def update(self, *arguments: str) -> list[str]:
        self.run("--update-messages", *arguments)
        return self.golden.read_text().splitlines()


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    return Suite(pytester)


def test_messages_are_recorded_and_then_held_to(suite: Suite) -> None:
    suite.run().assert_outcomes(failed=3)
    assert suite.update() == LINES
    suite.run().assert_outcomes(passed=3)
    suite.tests.write_text(TESTS.replace("no file", "there is no file"))
    result = suite.run()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["*give pytest --update-messages", "- no file 'TMP/a'", "+ there is no file 'TMP/a'"]
    )


@pytest.mark.slow
def test_processes_side_by_side_write_one_file(suite: Suite) -> None:
    pytest.importorskip("xdist")
    suite.golden.write_text("test_gone.py::test\tof a file that is gone\n")
    assert suite.update("-n", "2") == LINES


def test_what_did_not_run_is_kept(suite: Suite) -> None:
    suite.update()
    suite.tests.write_text(TESTS.replace("no file", "missing").replace("x cannot", "this cannot"))
    assert suite.update("-k", "foreign") == [LINES[0].replace("x cannot", "this cannot"), *LINES[1:]]
    assert suite.update("testing/test_it.py::test_name[b]")[2] == LINES[2].replace("no file", "missing")


def test_a_message_that_is_said_no_more_is_told(suite: Suite) -> None:
    suite.update()
    suite.golden.write_text(suite.golden.read_text() + "test_it.py::test_foreign\tsaid once\n")
    result = suite.run("testing/test_it.py::test_foreign")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["- said once"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('kind="file"', 'kind="value"'),
        ("key=tmp_path / name", "key=name"),
        ("key=tmp_path / name", ""),
        ("no file '", "no\\nfile '"),
        ("raise InputError", "print"),
        ("raise InputError(", "raise ValueError("),
    ],
)
def test_another_error_fails(suite: Suite, before: str, after: str) -> None:
    suite.update()
    suite.tests.write_text(TESTS.replace(before, after))
    suite.run("-k", "name").assert_outcomes(failed=2, deselected=1)


def test_no_message_is_of_a_test_that_is_no_more(messages: Any) -> None:
    assert messages.orphans() == [], "pytest --update-messages removes them"
