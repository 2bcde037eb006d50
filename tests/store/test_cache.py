"""What was computed once comes from the disk, until what made it changes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.store import cache
from isthmus.store.cache import cached


class Compute:
    def __init__(self, root: Path) -> None:
        self.root, self.made = root, 0

    def __call__(self, *key: str) -> np.ndarray:
        return cached("things", key, self.make, self.root)

    def make(self) -> np.ndarray:
        self.made += 1
        return np.arange(4, dtype=np.float32)


@pytest.fixture
def compute(tmp_path: Path) -> Compute:
    """Asks for an array: compute(*key) -> array; compute.made counts how often it was made."""

    return Compute(tmp_path)


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "things").iterdir())


def test_the_same_key_is_made_once(compute: Compute, tmp_path: Path) -> None:
    first, again = compute("a", "b"), compute("a", "b")
    np.testing.assert_array_equal(first, again)
    assert first.dtype == again.dtype == np.float32
    assert compute.made == 1
    assert [path.suffix for path in files(tmp_path)] == [".npy"]


@pytest.mark.parametrize("other", [("a", "c"), ("ab",), ("a",), ("a", "b", "")])
def test_another_key_is_made_anew(compute: Compute, other: tuple[str, ...]) -> None:
    compute("a", "b")
    compute(*other)
    assert compute.made == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no array"),
        lambda path: np.save(path, np.array([print]), allow_pickle=True),
    ],
)
def test_a_damaged_file_is_made_again(compute: Compute, tmp_path: Path, damage: Callable[..., Any]) -> None:
    compute("a")
    damage(files(tmp_path)[0])
    np.testing.assert_array_equal(compute("a"), np.arange(4))
    np.testing.assert_array_equal(compute("a"), np.arange(4))
    assert compute.made == 2


def test_what_was_not_asked_for_the_longest_goes_first(
    compute: Compute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute("a")
    size = files(tmp_path)[0].stat().st_size
    monkeypatch.setattr(cache, "MAX_BYTES", 2 * size)
    os.utime(files(tmp_path)[0], (1, 1))
    compute("b")
    os.utime(next(path for path in files(tmp_path) if path.stat().st_mtime > 1), (2, 2))
    compute("a")  # asked for just now
    compute("c")
    assert len(files(tmp_path)) == 2
    compute("a"), compute("c")
    assert compute.made == 3
    compute("b")
    assert compute.made == 4


def test_a_disk_that_takes_nothing_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    for _ in range(2):
        assert cached("things", ("a",), lambda: np.ones(2), tmp_path).tolist() == [1, 1]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        cached("things", ("a",), lambda: (_ for _ in ()).throw(KeyboardInterrupt), tmp_path)
    assert not (tmp_path / "cache").exists()
