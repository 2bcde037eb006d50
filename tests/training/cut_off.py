"""Commands that are cut off at chosen moments: python cut_off.py JOBS, a JSON list of

    {"argv": [...], "moment": null or [name in MOMENTS, number], "signal": "SIGKILL", "said": path}

Each runs in a process of its own, forked from this one, which has imported everything once for all. What
it says goes to the file `said`. Prints the exit codes as a JSON list, a signal as its negative number.
"""

import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tiny_cli import main  # isort: skip

from isthmus.backbones import load_backbone
from isthmus.training import checkpoints as checkpoints_module
from isthmus.training import module

checkpoints: Any = checkpoints_module  # whose functions are replaced


with suppress(ImportError):
    import torch.utils.tensorboard  # noqa: F401


def before_step(number: int, strike: Callable[[], None]) -> None:
    """Strike before the step of that number is taken, counted from 1 over all epochs."""
    step, count = module.TrainingModule.training_step, iter(range(1, number + 1))

    def counted(self, batch, index):
        if next(count) == number:
            strike()
        return step(self, batch, index)

    module.TrainingModule.training_step = counted


def while_writing(number: int, strike: Callable[[], None]) -> None:
    """Strike when the checkpoint of that number, counted from 1, the best ones too, is half-written."""
    save, count = checkpoints.save_file, iter(range(1, number + 1))

    def half(tensors, path, metadata):
        save(tensors, path, metadata=metadata)
        if next(count) == number:
            os.truncate(path, Path(path).stat().st_size // 2)
            strike()

    checkpoints.save_file = half


def after_training(number: int, strike: Callable[[], None]) -> None:
    """Strike when the trained weights are written and nothing else is."""
    setattr(sys.modules["isthmus.training.tested"], "evaluate", lambda *anything: strike())  # noqa: B010


# A shell that runs tests in the background has its children ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

MOMENTS = {"before step": before_step, "while writing": while_writing, "after training": after_training}


def run(job: dict) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        said = os.open(job["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        if job.get("moment"):
            name, number = job["moment"]
            MOMENTS[name](number, lambda: os.kill(os.getpid(), getattr(signal, job["signal"])))
        sys.argv = ["isthmus", *job["argv"]]
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    jobs = json.loads(Path(sys.argv[1]).read_text())
    words = jobs[0]["argv"]
    load_backbone(words[words.index("--backbone") + 1])  # what is slow the first time is done once for all
    gc.freeze()  # else every process copies what it only looks at
    print(json.dumps([run(job) for job in jobs]))
