"""Commands that write, each at its smallest, and what they leave; scripts beside this file disturb them."""

import argparse
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import forked  # isort: skip # before all that is heavy


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
TUNE = ["tune", "--data", "waves.npz", "--trials", "3", "--search", "lr=1e-4..1e-2", "--out", "search"]
TUNE += [
    word for name, value in {**SHORT, "backbone": "vit"}.items() for word in ("--set", f"{name}={value}")
]


@dataclass(frozen=True)
class Writer:
    """A command that writes, and what it leaves undisturbed.

    Attributes:
        name: Name of the command.
        words: Its words, without `isthmus`.
        more: Words that are added to go on.
        ready: Folder in which it can be given.
        whole: Copy of that folder in which it was given.
        seconds: Time that it took.
    """

    name: str
    words: list[str]
    more: list[str]
    ready: Path
    whole: Path
    seconds: float

    def faults(self, folder: Path) -> str:
        """Say what differs from the undisturbed folder, and what is left behind; nothing if all is well."""
        found, expected = lasting(folder), lasting(self.whole)
        differ = sorted(name for name in found.keys() | expected if found.get(name) != expected.get(name))
        left = leftovers(folder)
        return f"{differ[:3]} differ, {left[:3]} left" if differ or left else ""


def arguments(description: str | None, how_often: str, default: int) -> argparse.Namespace:
    """Read the arguments of a script that disturbs commands: how often, with which seed, which commands."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(how_often, dest="number", type=int, default=default)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="beginning of the names of commands")
    parser.add_argument("--smallest", action="store_true", help="try what is done in a few seconds")
    return parser.parse_args()


def writers(only: str | None, smallest: bool) -> dict[str, tuple[list[str], list[str], list[list[str]]]]:
    """Return commands that write: words, those added to go on, and what has to be done before."""
    every: dict[str, tuple[list[str], list[str], list[list[str]]]] = {
        **{f"fit {name}": (fit_words(name, Path("vit"), "run"), ["--resume"], []) for name in METHODS},
        "folds": (fit_words("nft", Path("vit"), "folds", "--folds", "2"), [], []),
        "pretrain": (PRETRAIN, ["--resume"], []),
        "generate": (GENERATE, [], []),
        "prepare": (PREPARE, [], [GENERATE]),
        "mock": (MOCK, [], []),
        "compare": (GRID, [], []),
        "tune": (TUNE, [], []),
    }
    begins = only or ("mock" if smallest else "")
    return {name: words for name, words in every.items() if name.startswith(begins)}


def prepared(asked: argparse.Namespace, folder: Path) -> Iterator[Writer]:
    """Yield each command that is asked for, given once undisturbed; its folders last until the next one."""
    forked.import_everything()
    for name, (words, more, before) in writers(asked.only, asked.smallest).items():
        ready, whole = folder / "ready", folder / "whole"
        start(ready, before)
        shutil.copytree(ready, whole)
        alone = forked.give(words, whole, most_seconds=600)
        assert alone.code == 0, alone
        yield Writer(name, words, more, ready, whole, alone.seconds)
        shutil.rmtree(whole)
        shutil.rmtree(ready)


def start(folder: Path, before: Sequence[Sequence[str]]) -> None:
    """Make a folder with a backbone, a file of data, and what commands leave that come before."""
    folder.mkdir(parents=True)
    waves(folder / "waves.npz")
    tiny_backbone(folder / "vit")
    for words in before:
        ended = forked.give(words, folder, most_seconds=600)
        assert ended.code == 0, ended


TABLES = ("table.", "runs.csv", "grid.md")
VOLATILE = ("log.txt", "workers.log", "result.json", "chosen.json", "config.yaml", "events.out", "study.db")
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
