"""A grid that is killed loses no finished run and repeats none; its workers end with it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("killed")]

RUNS = 2 * 2 * 2  # tasks, methods, seeds


@pytest.fixture(scope="module")
def times(tmp_path_factory, backbones):
    """The grid killed twice, then left alone: what cut_off.py says of each time."""
    out = tmp_path_factory.mktemp("killed") / "grid"
    script = [sys.executable, str(Path(__file__).with_name("cut_off.py")), str(out), backbones["vit"]]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout), out


def test_it_was_killed(times):
    assert [time["code"] for time in times[0]] == [-9, -9, 0]


def test_no_finished_run_is_lost_or_repeated(times):
    """Those that were finished when the parent was killed are the same files at the end."""
    first, second, last = times[0]
    assert first["before"] == {}
    assert 1 <= len(first["after"]) < len(second["after"]) < RUNS
    assert first["after"].items() <= second["before"].items() <= second["after"].items()
    assert second["after"].items() <= last["before"].items() <= last["after"].items()
    assert len(last["after"]) == RUNS


def test_workers_end_with_the_process_that_started_them(times):
    for time in times[0][:2]:
        assert time["workers"] == 2
        assert time["outlived"] == []


def test_only_the_rest_was_run(times):
    """One line for each run of the last time, none for those before it."""
    last = times[0][-1]
    lines = last["said"].splitlines()
    assert len(lines) == RUNS - len(last["before"])
    assert lines[-1].startswith(f"{RUNS}/{RUNS} ")


def test_the_tables_are_whole(times):
    table = (times[1] / "table.md").read_text()
    assert " of 2)" not in table
    assert "failed" not in table
