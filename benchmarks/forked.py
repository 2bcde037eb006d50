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


def content(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a folder, by its path there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leftovers(folder: Path) -> list[str]:
    """Return the names of files that no command leaves: what is half-written, locks, unfinished files."""
    names = {str(path.relative_to(folder)): path.name for path in folder.rglob("*") if path.is_file()}
    half = (".unfinished/", ".saving-")
    return sorted(
        path
        for path, name in names.items()
        if ".part" in name or ".lock" in name or any(h in path for h in half)
    )


def tiny_backbone(folder: Path) -> Path:
    """Write a vision transformer of one layer with random weights."""
    from transformers import ViTConfig

    from isthmus.backbones import new_backbone

    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    new_backbone(ViTConfig(**sizes, image_size=16, patch_size=4), 0).save_pretrained(folder)
    return folder


def waves(path: Path, count: int = 18, test: int = 6) -> Path:
    """Write series of two kinds, with test data."""
    import numpy as np

    rng = np.random.default_rng(0)
    kind = np.arange(count + test) % 2
    noise = 0.3 * rng.normal(size=(len(kind), 2, 24))
    x = np.sin((3 + 2 * kind)[:, None, None] * np.linspace(0, 6, 24)) + noise
    y = np.array(["slow", "fast"])[kind]
    np.savez(path, x=x[:count], y=y[:count], x_test=x[count:], y_test=y[count:])
    return path


SHORT: dict[str, Any] = {
    "epochs": 2,
    "epoch_steps": 2,
    "batch_size": 4,
    "probe_samples": 0,
    "predictor_start": "new",
    "embedder": "patch",
    "scale": "channel",
    "augment": "null",
}
"""Settings of a training of a moment"""

METHODS = {
    "nft": [],
    "pare": [],
    "orca": [],
    "mixup": [],
    "lora": [],
    "linear-probe": [],
    "scratch": [],
    "wrn": [],
    "probe": [],
    "rocket": ["--set", "method.kernels=50"],
    "xgboost": [],
}
"""Methods of every kind, and what makes them short"""


def fit_words(method: str, backbone: Path, out: str, *more: str) -> list[str]:
    """Return the words of a short run on `waves.npz`."""
    from isthmus.methods import methods

    settings = {**SHORT, "backbone": backbone}
    used = {name: value for name, value in settings.items() if name in methods[method].settings}
    options = [word for name, value in used.items() for word in ("--set", f"{name}={value}")]
    words = ["fit", "--data", "waves.npz", "--method", method, "--no-floor", *options, *METHODS[method]]
    return [*words, "--out", out, *more]


TASK = "pdebench/advection1d"
GENERATE = ["data", "generate", TASK, "--root", "made", "--samples", "40", "--resolution", "16"]
PREPARE = ["data", "prepare", TASK, "--root", "made"]
MOCK = ["data", "mock", "nasbench360/ninapro", "--root", "made", "--samples", "200"]
PRETRAINING = ["classes=1", "each=4", "epochs=2", "batch_size=8"]
PRETRAIN = ["pretrain", "--out", "weights", *(word for one in PRETRAINING for word in ("--set", one))]
GRID = [
    "compare",
    "digits100",
    "--methods",
    "nft,scratch",
    "--backbones",
    "vit",
    "--seeds",
    "1",
    "--out",
    "grid",
]
SETTINGS_OF_GRID = {**SHORT, "epochs": 1}
GRID += [word for name, value in SETTINGS_OF_GRID.items() for word in ("--set", f"{name}={value}")]


def writers() -> dict[str, tuple[list[str], list[str], list[list[str]]]]:
    """Return commands that write: words, those added to go on, and what has to be done before."""
    fits: dict[str, tuple[list[str], list[str], list[list[str]]]] = {
        f"fit {name}": (fit_words(name, Path("vit"), "run"), ["--resume"], []) for name in METHODS
    }
    return {
        **fits,
        "pretrain": (PRETRAIN, ["--resume"], []),
        "generate": (GENERATE, [], []),
        "prepare": (PREPARE, [], [GENERATE]),
        "mock": (MOCK, [], []),
        "compare": (GRID, [], []),
    }


def start(folder: Path, before: Sequence[Sequence[str]]) -> None:
    """Make a folder with a backbone, a file of data, and what commands leave that come before."""
    folder.mkdir(parents=True)
    waves(folder / "waves.npz")
    tiny_backbone(folder / "vit")
    for words in before:
        ended = give(words, folder, most_seconds=600)
        assert ended.code == 0, ended


TABLES = ("table.", "runs.csv", "grid.md")
VOLATILE = ("log.txt", "workers.log", "result.json", "chosen.json", "config.yaml", "events.out")
"""Beginnings of the names of files that tell times or places"""
TIMES = (
    "wall_s",
    "step_s",
    "samples_per_s",
    "data_wait",
    "test_s",
    "probe_s",
    "search_s",
    "peak_mb",
    "floors_s",
)


def lasting(folder: Path) -> dict[str, bytes]:
    """Return what two runs of the same command have in common: all files, without times."""
    import json

    found = {}
    for name, data in content(folder).items():
        last = name.rsplit("/", 1)[-1]
        if last == "result.json":
            result = json.loads(data)
            found[name] = repr({key: value for key, value in result.items() if key not in TIMES}).encode()
        elif last.startswith(TABLES) or "checkpoints/" in name or "tensorboard/" in name:
            continue  # tables tell times, and so do checkpoints; weights are compared as they are
        elif not last.startswith(VOLATILE) and "training/last" not in name:
            found[name] = data
    return found
