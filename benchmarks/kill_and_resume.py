"""Does a run that is killed at any moment and resumed end with the same weights as one that was not?

`isthmus fit` on digits100 by default, with nft and pare in turn, is killed (SIGKILL) at ten random moments,
one in each tenth of the time between its first file and its end, and resumed with `--resume`. Prints for each
how far the run was when it was killed, and whether weights and history of the resumed run are bitwise equal
to those of an undisturbed run. Runs on the CPU with one thread.
"""

import argparse
import random
import select
import shutil
import tempfile
import time
from pathlib import Path

import torch
from forked import begin, command, end

import isthmus.training  # noqa: F401 - once, before processes are made

DAY = 86_400.0
SMALLEST = {"task": "GunPoint", "kills": 1, "methods": ["nft"], "epochs": 2, "epoch_steps": 1}
CHOSEN = {"embedder": "picture", "scale": "channel", "augment": "warp"}
"""Settings that a run would choose by its data"""
SAME = ("model/net.safetensors", "model/backbone/model.safetensors", "metrics.csv")


def run(words: list[str], folder: Path, *more: str, moment: float = DAY) -> tuple[int | None, float]:
    """Fit, and kill the process so many seconds after the run's folder was made, if it has not ended by then.

    Returns:
        Exit code, None if it was killed, and the seconds since the folder was made.
    """
    fit = command(["fit", "--no-floor", *words, "--out", folder, *more], lambda: torch.set_num_threads(1))
    child, ear = begin(fit, folder.parent)
    while not folder.exists() and not select.select([ear], [], [], 0.005)[0]:
        pass
    ended = end(child, ear, time.monotonic(), moment)
    return ended.code, ended.seconds


def state(folder: Path, epochs: int) -> str:
    """Describe how far a run was."""
    if (folder / "result.json").exists():
        return "all was done"
    if (folder / "model").exists():
        return "the result was being written"
    if (folder / "checkpoints" / "last.safetensors").exists():
        done = len((folder / "metrics.csv").read_text().splitlines()) - 1
        return f"{done} of {epochs} epochs were done"
    return "the first epoch was under way" if (folder / "config.yaml").exists() else "nothing was written"


def main() -> None:
    """Kill, resume and compare as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backbone", nargs="?", default="swin-micro", help="name or folder")
    parser.add_argument("--task", default="digits100")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--epoch-steps", type=int, default=20)
    parser.add_argument("--methods", nargs="+", default=["nft", "pare"])
    parser.add_argument("--smallest", action="store_true", help="try everything at its smallest size")
    arguments = parser.parse_args()
    if arguments.smallest:
        vars(arguments).update(SMALLEST)
    methods, kills, epochs = arguments.methods, arguments.kills, arguments.epochs
    settings = {
        "task": arguments.task,
        "backbone": arguments.backbone,
        "epochs": epochs,
        "epoch_steps": arguments.epoch_steps,
        "batch_size": 8,
        "checkpoint": "best",
        **CHOSEN,
    }
    words = {
        method: [f"--set={key}={value}" for key, value in ({"method": method} | settings).items()]
        for method in methods
    }
    draw = random.Random(0)
    killed = equal = 0
    with tempfile.TemporaryDirectory() as home:
        seconds = {}
        for method in methods:
            code, seconds[method] = run(words[method], Path(home, method))
            assert code == 0
            print(f"{method}: {seconds[method]:.1f} s undisturbed", flush=True)
        while killed < kills:
            method = methods[killed % len(methods)]
            folder = Path(home, f"{killed}")
            moment = (killed + draw.random()) / kills * seconds[method]
            code, took = run(words[method], folder, moment=moment)
            if code is not None:  # done by then: the machine is quicker now
                seconds[method] = took
                shutil.rmtree(folder)
                continue
            progress = state(folder, epochs)
            code, _ = run(words[method], folder, "--resume")
            undisturbed = Path(home, method)
            same = code == 0 and all(
                (folder / name).read_bytes() == (undisturbed / name).read_bytes() for name in SAME
            )
            killed, equal = killed + 1, equal + same
            verdict = "equal" if same else "NOT EQUAL"
            print(f"{method} killed after {moment:.2f} s: {progress}; resumed: {verdict}", flush=True)
    print(f"{equal} of {kills} bitwise equal")
    raise SystemExit(equal != kills)


if __name__ == "__main__":
    main()
