"""The command line at a desk and in a log: options of every command, tables, messages, streams."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from rich.cells import cell_len

from isthmus.cli.app import suggest
from isthmus.cli.tables import fitting_widths
from isthmus.errors import InputError, one_line
from isthmus.listing import LISTINGS
from isthmus.version import __version__


def isthmus(*words: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "isthmus", *words]
    return subprocess.run(command, text=True, **{"capture_output": True, **options})


def test_version(run):
    assert run("--version") == (0, f"isthmus {__version__}\n", "")


@pytest.mark.parametrize(
    "words", [["-h"], ["fit", "-h"], ["data", "-h"], ["data", "info", "-h"]], ids=" ".join
)
def test_a_short_option_for_help(run, words):
    assert run(*words) == run(*words[:-1], "--help")


@pytest.mark.parametrize("words", [["fit"], ["list"], ["compare"], ["predict"], ["data", "prepare"]])
def test_every_command_can_be_quiet_or_verbose(run, words):
    out = run(*words, "--help")[1]
    assert "-q, --quiet" in out
    assert "-v, --verbose" in out


def test_what_is_next_is_told_unless_quiet(run, tmp_path, monkeypatch):
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path))
    words = ["data", "generate", "pdebench/advection1d", "--samples", "10", "--resolution", "32"]
    assert (run(*words)[0], run.suggested) == (0, ["data prepare pdebench/advection1d\n"])
    assert (run(*words, "-q")[0], run.suggested) == (0, [])


def test_what_is_suggested_is_written_to_standard_error_below_one_another(capfd):
    suggest(["report", "a b"], ["predict", "a b", Path("x.npy")])
    assert capfd.readouterr() == ("", "next: isthmus report 'a b'\n      isthmus predict 'a b' x.npy\n")


def test_filter(run):
    code, out, _ = run("list", "tasks", "--filter", "PROTEIN")
    names = [line.split()[0] for line in out.splitlines() if line.startswith("  nas")]
    assert (code, names) == (0, ["nasbench360/deepsea", "nasbench360/psicov"])
    assert "nasbench360/cosmic" in run("data", "list", "--filter", "cosmic")[1]
    assert "nasbench360/ninapro" not in run("data", "list", "--filter", "cosmic")[1]


@pytest.mark.parametrize("words", ["fit Gun", "compare Gun"])
def test_a_shell_completes_names(words):
    surroundings = {"_ISTHMUS_COMPLETE": "complete_bash", "COMP_WORDS": f"isthmus {words}", "COMP_CWORD": "2"}
    assert isthmus(env={**os.environ, **surroundings}).stdout.split() == ["GunPoint"]


@pytest.mark.parametrize("kind", LISTINGS)
def test_no_word_of_a_listing_is_broken_at_80_columns(kind):
    header, rows = LISTINGS[kind]()
    columns = [[title, *(row[i] for row in rows)] for i, title in enumerate(header)]
    widths = fitting_widths(columns, 80 - 3 * len(columns) - 1)
    for width, column in zip(widths or (), columns, strict=True) if widths else ():
        assert all(cell_len(word) <= width for text in column for word in text.split())


def test_widths():
    columns = [["name", "a-very-long-name"], ["about", "many short words in a row " * 5]]
    assert fitting_widths(columns, 20) is None
    assert fitting_widths(columns, 21) == [16, 5]
    assert fitting_widths(columns, 60) == [16, 44]
    assert fitting_widths(columns, 1000) == [16, 130]


def test_a_narrow_terminal_gets_blocks(run, monkeypatch):
    monkeypatch.setattr("isthmus.cli.tables.LOG_WIDTH", 40)
    lines = run("list", "recipes", "--filter", "ninapro/pare")[1].splitlines()
    assert lines[0] == "nasbench360/ninapro/pare"
    assert lines[1] == "  backbone: microsoft/swin-base-patch4-window7-224-in22k"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("as it is: 'a b', ä, 猫", "as it is: 'a b', ä, 猫"),
        ("'a\nb\r\tc\x1b[31m'", "'a\\nb\\r\\tc\\x1b[31m'"),
        ("'\udcff'", "'\\udcff'"),
    ],
)
def test_a_message_is_one_line_of_what_can_be_printed(text, told):
    assert one_line(text) == told
    assert str(InputError(text)) == told


def test_a_very_long_name_is_cut_short():
    for name in ("x" * 100_000, "x y " * 25_000):
        message = str(InputError(f"there is no file '{name}'; give another"))
        assert len(message) < 6_000
        assert message.startswith("there is no file 'x")
        assert message.endswith("; give another")


@pytest.mark.parametrize("name", ["{A}", "[red]", "{0}", "%s", "a\nb", "x" * 100_000], ids=range(6))
def test_any_name_of_a_file_is_told_in_one_line(run, refused, name):
    line = refused(run("fit", "--data", f"{name}.csv"))
    assert name[:10].encode("unicode_escape").decode() in line
    assert len(line) < 1_000


def test_a_message_speaks_to_whom_it_is_told(run, tmp_path, monkeypatch, refused):
    def fail(**words):
        raise InputError("'a' holds this run already; give resume=True")

    monkeypatch.setattr("isthmus.cli.fit.check_task", lambda name: fail())
    assert refused(run("fit", "ArrowHead")) == "isthmus: 'a' holds this run already; give --resume\n"


def test_warnings_of_libraries_do_not_come_before_the_line(run, monkeypatch):
    def warn(name):
        warnings.warn("careful", stacklevel=1)
        raise InputError("wrong")

    monkeypatch.setattr("isthmus.cli.fit.check_task", warn)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert run("fit", "ArrowHead") == (2, "", "isthmus: wrong\n")
    assert seen == []
    with pytest.warns(UserWarning, match="careful"):
        assert run("fit", "ArrowHead", "-v") == (2, "", "isthmus: wrong\n")


def test_closed_and_full_and_unread_standard_output():
    closed = subprocess.run(
        [f"{sys.executable} -m isthmus list schedules >&-"], shell=True, capture_output=True, text=True
    )
    assert (closed.returncode, closed.stderr) == (0, "")
    unread = subprocess.run(
        [f"{sys.executable} -m isthmus list tasks | true"], shell=True, capture_output=True, text=True
    )
    assert unread.stderr == ""
    if Path("/dev/full").exists():
        with open("/dev/full", "w") as full:
            done = isthmus("list", "schedules", stdout=full, stderr=subprocess.PIPE, capture_output=False)
        assert (done.returncode, done.stderr) == (2, "isthmus: cannot write: No space left on device\n")
