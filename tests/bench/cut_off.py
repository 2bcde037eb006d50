"""A grid that is killed again and again: python cut_off.py OUT BACKBONE, until it is done.

Each time it runs in a process of its own, forked from this one, which has imported everything once for all.
Prints JSON: for each time, how it ended, which runs were finished before and after, which of its workers
outlived it, and what was said.
"""

import json
import os
import select
import signal
import sys
from contextlib import suppress
from multiprocessing import active_children, get_context
from pathlib import Path

from conftest import SHORT, tiny_task

from isthmus.augmentation import augmentations
from isthmus.backbones import load_backbone
from isthmus.bench import compare
from isthmus.bench.display import Display
from isthmus.bench.jobs import Job
from isthmus.executors import local
from isthmus.methods import methods
from isthmus.model import embedders
from isthmus.sources import sources
from isthmus.tasks import tasks
from isthmus.training import fit  # noqa: F401 # so that workers have it

METHODS, SEEDS, TASKS = ["scratch", "nft"], 2, ["one", "two"]
TIMES = [  # the end of which run of this process is its own end, and what ends
    (1, "the process group"),
    (2, "the process alone"),
    (None, "nothing"),
]


def strike_at(number: int, what: str, pipe: int) -> None:
    """Kill when the run of that number ends, before anyone hears of it; first say which workers there are."""

    def strike(self: Display, job: Job) -> None:
        if next(count) == number:
            os.write(pipe, json.dumps([worker.pid for worker in active_children()]).encode())
            kill = os.killpg if what == "the process group" else os.kill
            kill(os.getpid(), signal.SIGKILL)
        ended(self, job)

    ended, count = Display.ended, iter(range(1, number + 1))
    Display.ended = strike


def outlived(pids: list[int]) -> list[int]:
    """Which of them have not ended ten seconds later."""
    alive = []
    for pid in pids:
        with suppress(ProcessLookupError):
            if not select.select([os.pidfd_open(pid)], [], [], 10)[0]:
                alive.append(pid)
    return alive


def finished(out: Path) -> dict[str, int]:
    return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in sorted(out.rglob("result.json"))}


def once(out: Path, backbone: str, number: int | None, what: str) -> dict:
    before, said = finished(out), out.with_name(f"{out.name} said")
    ear, mouth = os.pipe()
    child = os.fork()
    if not child:
        os.setsid()
        file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        if number:
            strike_at(number, what, mouth)
        tiny = [tiny_task(name) for name in TASKS]
        compare(tiny, methods=METHODS, backbones=[backbone], seeds=SEEDS, out=out, processes=2, **SHORT)
        os._exit(0)
    os.close(mouth)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    workers = json.loads(os.read(ear, 4096) or b"[]")
    return {
        "code": code,
        "workers": len(workers),
        "outlived": outlived(workers),
        "before": before,
        "after": finished(out),
        "said": said.read_text(),
    }


if __name__ == "__main__":
    setattr(local, "CONTEXT", get_context("fork"))  # noqa: B010 # another type
    out, backbone = Path(sys.argv[1]), sys.argv[2]
    load_backbone(backbone)  # what is slow the first time is done once for all
    for registry in (augmentations, embedders, methods, sources, tasks):
        list(registry)
    print(json.dumps([once(out, backbone, *time) for time in TIMES]))
