"""Does a command that is killed at any moment, and given again, end as one that was not?

Commands that write (fit with a method of every kind, pretrain, generate, prepare, mock, compare) are killed
(SIGKILL, with their workers) at a random moment of the time that they take, in some cases twice, and given
again. Prints for each command how many of them ended with the same bytes in every file as an undisturbed one,
times apart, and with nothing left behind.
"""

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import forked  # isort: skip # before all that is heavy


def killed(words: list[str], folder: Path, seconds: float) -> bool:
    """Give a command and kill it after so many seconds; return whether it was still at work."""
    began = time.monotonic()
    child, ear = forked.begin(forked.command(words), folder)
    time.sleep(seconds)
    found, _ = os.waitpid(child, os.WNOHANG)
    if found:
        os.close(ear)
        return False
    os.killpg(child, signal.SIGKILL)
    return forked.end(child, ear, began, 600).code == -signal.SIGKILL


def main() -> None:
    """Kill as often as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="beginning of the names of commands")
    parser.add_argument("--smallest", action="store_true", help="try what is done in a few seconds")
    asked = parser.parse_args()
    forked.import_everything()
    rng = random.Random(asked.seed)
    commands = {
        name: words
        for name, words in forked.writers().items()
        if name.startswith(asked.only or ("generate" if asked.smallest else ""))
    }
    each = 1 if asked.smallest else -(-asked.kills // len(commands))
    kills = equal = finished = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name, (words, more, before) in commands.items():
            whole, one, ready = (Path(temporary) / part for part in ("whole", "one", "ready"))
            forked.start(ready, before)
            shutil.copytree(ready, whole)
            undisturbed = forked.give(words, whole, most_seconds=600)
            assert undisturbed.code == 0, undisturbed
            expected, same, count = forked.lasting(whole), 0, 0
            while count < each:
                shutil.copytree(ready, one)
                given, struck = words, 0
                for _ in range(rng.choice([1, 1, 2])):
                    struck += killed(given, one, rng.random() * undisturbed.seconds)
                    given = [*words, *more]
                ended = forked.give(given, one, most_seconds=600)
                if not struck:
                    shutil.rmtree(one)
                    continue
                count, kills = count + 1, kills + struck
                found, left = forked.lasting(one), forked.leftovers(one)
                if ended.code == 0 and found == expected and not left:
                    same += 1
                else:
                    differ = sorted(n for n in found.keys() | expected if found.get(n) != expected.get(n))
                    last = (ended.said.strip().splitlines() or [""])[-1]
                    print(f"  {name}: code {ended.code}, {differ[:3]} differ, {left[:3]} left: {last[:300]}")
                shutil.rmtree(one)
            print(f"{name}: {same} of {count} equal", flush=True)
            equal, finished = equal + same, finished + count
            shutil.rmtree(whole)
            shutil.rmtree(ready)
    print(f"{kills} kills: {equal} of {finished} commands ended as if undisturbed")


if __name__ == "__main__":
    main()
