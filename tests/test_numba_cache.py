"""numba is given a folder of its own where it could write to none, and is left alone otherwise."""

import os
from pathlib import Path

import pytest

from isthmus.numba_cache import VARIABLE, provide_numba_cache

numba = pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")


def test_a_read_only_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    provide_numba_cache()
    folder = Path(os.environ[VARIABLE])
    assert list(folder.iterdir()) == []
    assert folder.stat().st_mode & 0o077 == 0  # nobody else may put anything there
    assert str(folder) == numba.config.CACHE_DIR
    provide_numba_cache()
    assert Path(os.environ[VARIABLE]) == folder


@pytest.mark.parametrize("writable", ["aeon", "cache"])
def test_a_machine_that_can_be_written_to(
    writable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "access", lambda path, mode: (Path(path).name == "aeon") == (writable == "aeon"))
    provide_numba_cache()
    assert VARIABLE not in os.environ
