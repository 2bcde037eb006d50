"""Is a disk that becomes full told in one line, and does the same command go on when there is room?

Commands that write get a disk of random size, which is too small for them: a file system in memory where the
system lets this process mount one, else a limit on the size of every file. Each has to end with code 2 and
one line that says what did not fit; then there is room, and it has to end as one with room from the start.
"""

import os
import random
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import forked  # isort: skip # before all that is heavy
import writers


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """Make a folder a disk of a size; yield whether it is one."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", "-l", str(folder)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def limit(size: int) -> Callable[[], None]:
    """Return what limits the files of a process to a size."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def size_of(folder: Path) -> int:
    """Return the bytes that the files of a folder take, in whole pages."""
    return sum(-(-path.stat().st_size // 4096) * 4096 + 4096 for path in folder.rglob("*"))


def try_once(writer: writers.Writer, folder: Path, size: int) -> str:
    """Give a command on a disk with so many bytes left, then with room; return what is wrong then."""
    with small_disk(folder, size_of(writer.ready) + size) as is_disk:
        shutil.copytree(writer.ready, folder, dirs_exist_ok=True)
        full = forked.give(writer.words, folder, (lambda: None) if is_disk else limit(size // 8), 600)
        if is_disk:
            subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True)
        again = forked.give([*writer.words, *writer.more], folder, most_seconds=600)
        wrong = writer.faults(folder)
    told = full.code == 2 and full.last_line.startswith("isthmus: ") and not full.traceback
    went_on = again.code in (0, 2 * (full.code == 0))
    if wrong or not went_on or not (told or full.code == 0):
        return f"{size}: {full.code} {full.last_line[:200]}; {again.code} {again.last_line[:200]}; {wrong}"
    return ""


def main() -> None:
    """Try as many fill levels as asked for, for each command."""
    asked = writers.arguments(__doc__, "--levels", 20)
    levels = 1 if asked.smallest else asked.number
    rng = random.Random(asked.seed)
    good = tried = 0
    with tempfile.TemporaryDirectory() as temporary:
        for writer in writers.prepared(asked, Path(temporary)):
            well, needed = 0, size_of(writer.whole) - size_of(writer.ready)
            for _ in range(levels):
                size = int(rng.random() * 0.9 * needed) // 4096 * 4096
                wrong = try_once(writer, Path(temporary) / "disk", size)
                well += not wrong
                if wrong:
                    print(f"  {writer.name}, of {needed}: {wrong}")
            print(f"{writer.name}: {well} of {levels} levels", flush=True)
            good, tried = good + well, tried + levels
    print(f"{good} of {tried} full disks were told in a line and went on later")


if __name__ == "__main__":
    assert os.name == "posix", "a limit on files needs a POSIX system"
    main()
