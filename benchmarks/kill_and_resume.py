"""Does a run that is killed at any moment, and resumed, end as if nothing had happened?

`isthmus fit` on digits100, nft and pare in turn, is killed (SIGKILL) at ten random moments between the start
of the process and its end, and resumed with `--resume`. Says for each what was there when it was killed, and
whether weights and figures of the resumed run are bitwise those of a run that nobody disturbed. On the CPU
with one thread. Another backbone than swin-micro, by name or folder, may be given as the argument.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KILLS = 10
METHODS = ("nft", "pare")
SETTINGS = {"epochs": 5, "epoch_steps": 12, "batch_size": 8, "keep": "best"}
SAME = ("model/net.safetensors", "model/backbone/model.safetensors", "metrics.csv")


def command(method: str, backbone: str, folder: Path, *more: str) -> list[str]:
    settings = [f"--set={key}={value}" for key, value in SETTINGS.items()]
    words = ["fit", "digits100", "--method", method, "--backbone", backbone, "--out", str(folder)]
    return [sys.executable, "-m", "isthmus", *words, *settings, *more]


def run(words: list[str], seconds: float | None = None) -> int:
    """Run a command, killed after so many seconds if it still runs; its exit code."""
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"}
    ) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return process.wait()


def state(folder: Path) -> str:
    """How far a run had come."""
    if (folder / "result.json").exists():
        return "all was done"
    if (folder / "model").exists():
        return "the result was being written"
    if (folder / "checkpoints" / "last.safetensors").exists():
        epochs = len((folder / "metrics.csv").read_text().splitlines()) - 1
        return f"{epochs} of {SETTINGS['epochs']} epochs were done"
    return "the first epoch was under way" if (folder / "config.yaml").exists() else "nothing was written"


def main() -> None:
    backbone = sys.argv[1] if len(sys.argv) > 1 else "swin-micro"
    draw = random.Random(0)
    equal = 0
    with tempfile.TemporaryDirectory() as home:
        lasts = {}
        for method in METHODS:
            start = time.monotonic()
            assert run(command(method, backbone, Path(home, method))) == 0
            lasts[method] = time.monotonic() - start
            print(f"{method}: {lasts[method]:.1f} s undisturbed", flush=True)
        for kill in range(KILLS):
            method = METHODS[kill % len(METHODS)]
            folder, moment = Path(home, f"{kill}"), draw.uniform(0, lasts[method])
            code = run(command(method, backbone, folder), moment)
            found = state(folder)
            resumed = run(command(method, backbone, folder, "--resume"))
            same = resumed == 0 and all(
                (folder / name).read_bytes() == Path(home, method, name).read_bytes() for name in SAME
            )
            equal += same
            ended = "killed" if code == -signal.SIGKILL else f"ended with {code} before it was killed"
            verdict = "equal" if same else "NOT EQUAL"
            print(f"{method} {ended} after {moment:.1f} s: {found}; resumed: {verdict}", flush=True)
    print(f"{equal} of {KILLS} bitwise equal")
    raise SystemExit(equal != KILLS)


if __name__ == "__main__":
    main()
