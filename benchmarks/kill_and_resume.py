"""Does a run that is killed at any moment and resumed end with the same weights as one that was not?

`isthmus fit` on digits100, with nft and pare in turn, is killed (SIGKILL) at ten random moments, one in each
tenth of the time between its first file and its end, and resumed with `--resume`. Prints for each how far the
run was when it was killed, and whether weights and history of the resumed run are bitwise equal to those of
an undisturbed run. Runs on the CPU with one thread. The argument, if given, is the name or folder of a
backbone to use in place of swin-micro.
"""

import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KILLS = 10
METHODS = ("nft", "pare")
SETTINGS = {"epochs": 5, "epoch_steps": 20, "batch_size": 8, "checkpoint": "best"}
SAME = ("model/net.safetensors", "model/backbone/model.safetensors", "metrics.csv")


def command(method: str, backbone: str, folder: Path, *more: str) -> list[str]:
    """Build the command line of a run."""
    settings = [f"--set={key}={value}" for key, value in SETTINGS.items()]
    words = ["fit", "digits100", "--method", method, "--backbone", backbone, "--out", str(folder)]
    return [sys.executable, "-m", "isthmus", *words, *settings, *more]


def run(method: str, backbone: str, folder: Path, *more: str, moment: float = math.inf) -> tuple[int, float]:
    """Fit, and kill the process so many seconds after the run's folder was made, if it has not ended by then.

    Returns:
        Exit code, and the seconds since the folder was made.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    words = command(method, backbone, folder, *more)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, env=environment) as process:
        while not folder.exists() and process.poll() is None:
            time.sleep(0.005)
        start = time.monotonic()
        while process.poll() is None:
            if time.monotonic() - start >= moment:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
    return process.returncode, time.monotonic() - start


def state(folder: Path) -> str:
    """Describe how far a run was."""
    if (folder / "result.json").exists():
        return "all was done"
    if (folder / "model").exists():
        return "the result was being written"
    if (folder / "checkpoints" / "last.safetensors").exists():
        epochs = len((folder / "metrics.csv").read_text().splitlines()) - 1
        return f"{epochs} of {SETTINGS['epochs']} epochs were done"
    return "the first epoch was under way" if (folder / "config.yaml").exists() else "nothing was written"


def main() -> None:
    """Kill, resume and compare ten times."""
    backbone = sys.argv[1] if len(sys.argv) > 1 else "swin-micro"
    draw = random.Random(0)
    killed = equal = 0
    with tempfile.TemporaryDirectory() as home:
        seconds = {}
        for method in METHODS:
            code, seconds[method] = run(method, backbone, Path(home, method))
            assert code == 0
            print(f"{method}: {seconds[method]:.1f} s undisturbed", flush=True)
        while killed < KILLS:
            method = METHODS[killed % len(METHODS)]
            folder = Path(home, f"{killed}")
            moment = (killed + draw.random()) / KILLS * seconds[method]
            code, took = run(method, backbone, folder, moment=moment)
            if code != -signal.SIGKILL:  # done by then: the machine is quicker now
                seconds[method] = took
                shutil.rmtree(folder)
                continue
            progress = state(folder)
            code, _ = run(method, backbone, folder, "--resume")
            undisturbed = Path(home, method)
            same = code == 0 and all(
                (folder / name).read_bytes() == (undisturbed / name).read_bytes() for name in SAME
            )
            killed, equal = killed + 1, equal + same
            verdict = "equal" if same else "NOT EQUAL"
            print(f"{method} killed after {moment:.2f} s: {progress}; resumed: {verdict}", flush=True)
    print(f"{equal} of {KILLS} bitwise equal")
    raise SystemExit(equal != KILLS)


if __name__ == "__main__":
    main()
