"""Is a disk that becomes full told in one line, and does the same command go on when there is room?

Commands that write get a disk of random size, which is too small for them: a file system in memory where the
system lets this process mount one, else a limit on the size of every file. Each has to end with code 2 and
one line that says what did not fit; then there is room, and it has to end as one with room from the start.
"""

import argparse
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


def main() -> None:
    """Try as many fill levels as asked for, for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="beginning of the names of commands")
    parser.add_argument("--smallest", action="store_true", help="try what is done in a few seconds")
    asked = parser.parse_args()
    levels = 1 if asked.smallest else asked.levels
    forked.import_everything()
    rng = random.Random(asked.seed)
    commands = {
        name: words
        for name, words in forked.writers().items()
        if name.startswith(asked.only or ("mock" if asked.smallest else ""))
    }
    good = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name, (words, more, before) in commands.items():
            ready, whole = Path(temporary) / "ready", Path(temporary) / "whole"
            forked.start(ready, before)
            shutil.copytree(ready, whole)
            alone = forked.give(words, whole, most_seconds=600)
            assert alone.code == 0, alone
            expected, well, needed = forked.lasting(whole), 0, size_of(whole) - size_of(ready)
            for _ in range(levels):
                size = int(rng.random() * 0.9 * needed) // 4096 * 4096
                with small_disk(Path(temporary) / "disk", size_of(ready) + size) as is_disk:
                    folder = Path(temporary) / "disk"
                    shutil.copytree(ready, folder, dirs_exist_ok=True)
                    prepare = (lambda: None) if is_disk else limit(size // 8)
                    full = forked.give(words, folder, prepare, 600)
                    if is_disk:
                        subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True)
                    again = forked.give([*words, *more], folder, most_seconds=600)
                    found = forked.lasting(folder)
                    left = forked.leftovers(folder)
                last = (full.said.strip().splitlines() or [""])[-1]
                told = full.code == 2 and last.startswith("isthmus: ") and "Traceback" not in full.said
                if (told or full.code == 0) and again.code in (0, 2 * (full.code == 0)) and not left:
                    well += found == expected
                if not told or found != expected or left:
                    differ = sorted(n for n in found.keys() | expected if found.get(n) != expected.get(n))
                    then = (again.said.strip().splitlines() or [""])[-1]
                    print(
                        f"  {name}, {size} of {needed}: {full.code} {last[:200]}; {again.code} {then[:200]};"
                        f" {differ[:3]} differ, {left[:3]} left"
                    )
            print(f"{name}: {well} of {levels} levels", flush=True)
            good += well
            shutil.rmtree(ready)
            shutil.rmtree(whole)
    print(f"{good} of {levels * len(commands)} full disks were told in a line and went on later")


if __name__ == "__main__":
    assert os.name == "posix", "a limit on files needs a POSIX system"
    main()
