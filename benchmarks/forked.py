"""Commands in processes forked from one that has imported everything: what they say, how they end.

Scripts beside this file use it to try thousands of commands in minutes.
"""

import gc
import io
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus import cli  # isort: skip # before torch, as in `isthmus`

import torch

MOST_SECONDS = 60.0
MOST_BYTES = 2**22
"""Bytes of what a command says that are read"""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Exit code; a signal as its negative number; None if it had to be ended.
        said: What it wrote to standard output and standard error.
        seconds: Time that it took.
        peak: Most memory that it held beyond what it was forked with, in bytes.
    """

    code: int | None
    said: str
    seconds: float
    peak: int

    @property
    def traceback(self) -> bool:
        """Whether a traceback was printed, or the code is not one that a command ends with."""
        return "Traceback" in self.said or self.code not in (0, 2)

    @property
    def last_line(self) -> str:
        """The last line of what it said."""
        return (self.said.strip().splitlines() or [""])[-1]


def import_everything() -> None:
    """Import what commands import, so that those which are forked from here begin at once."""
    from isthmus import progress
    from isthmus.augmentation import augmentations
    from isthmus.backbones import families, load_backbone
    from isthmus.floors import floors
    from isthmus.methods import methods
    from isthmus.model import embedders
    from isthmus.sources import sources
    from isthmus.tasks import tasks

    for registry in (augmentations, embedders, families, floors, methods, sources, tasks):
        list(registry.items())
    load_backbone("swin-micro")
    progress.INTERVAL = 1e9
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()  # else every process copies what it only looks at


def begin(act: Callable[[], Any], folder: Path) -> tuple[int, int]:
    """Fork a process that acts in a folder; return its number and the pipe of what it says."""
    ear, mouth = os.pipe()
    child = os.fork()
    if child:
        with suppress(OSError):  # it does so itself, and may have ended
            os.setpgid(child, child)  # so that all of it can be ended from now on
        os.close(mouth)
        return child, ear
    code = 1
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(mouth, number)
            setattr(sys, name, io.TextIOWrapper(open(number, "wb", 0, closefd=False), write_through=True))  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        act()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def command(words: Sequence[Any], prepare: Callable[[], Any] = lambda: None) -> Callable[[], None]:
    """Return what a process does that gives a command."""

    def act() -> None:
        prepare()
        sys.argv = ["isthmus", *map(str, words)]
        cli.main()

    return act


def end(child: int, ear: int, began: float, most_seconds: float = MOST_SECONDS) -> Ended:
    """Wait for a process, and end it if it takes too long."""
    said, code = b"", None
    while (left := began + most_seconds - time.monotonic()) > 0:
        if not select.select([ear], [], [], left)[0]:
            break
        block = os.read(ear, 65536)
        if not block:
            break
        said = (said + block)[:MOST_BYTES]
    os.close(ear)
    while time.monotonic() < began + most_seconds:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.002)
    else:
        os.killpg(child, signal.SIGKILL)
        _, _, usage = os.wait4(child, 0)
    peak = max(0, usage.ru_maxrss * 1024 - resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return Ended(code, said.decode("utf-8", "replace"), time.monotonic() - began, peak)


def give(
    words: Sequence[Any],
    folder: Path,
    prepare: Callable[[], Any] = lambda: None,
    most_seconds: float = MOST_SECONDS,
) -> Ended:
    """Give a command in a folder, and return how it ended.

    Args:
        words: Words of the command, without `isthmus`.
        folder: Folder in which it is given.
        prepare: What its process does before.
        most_seconds: Time after which it is ended.
    """
    began = time.monotonic()
    return end(*begin(command(words, prepare), folder), began, most_seconds)
