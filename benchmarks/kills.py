"""Does a command that is killed at any moment, and given again, end as one that was not?

Commands that write (fit with every kind of method and in folds, pretrain, generate, prepare, mock,
compare, tune) are killed (SIGKILL, with their workers) at a random moment of the time that they take, in
some cases twice, and given again. Prints for each command how many of them ended with the same bytes in
every file as one that was left alone, times apart, and with nothing left behind.
"""

import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import forked  # isort: skip # before all that is heavy
import writers


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


def try_once(writer: writers.Writer, folder: Path, rng: random.Random) -> tuple[int, str]:
    """Kill a command once or twice and give it again; return how often it was hit, and what is wrong then."""
    given, struck = writer.words, 0
    for _ in range(rng.choice([1, 1, 2])):
        struck += killed(given, folder, rng.random() * writer.seconds)
        given = [*writer.words, *writer.more]
    ended = forked.give(given, folder, most_seconds=600)
    wrong = writer.faults(folder)
    return struck, f"code {ended.code}: {ended.last_line[:300]}" if ended.code else wrong


def main() -> None:
    """Kill as often as asked for."""
    asked = writers.arguments(__doc__, "--kills", 200)
    rng = random.Random(asked.seed)
    each = 1 if asked.smallest else -(-asked.number // len(writers.writers(asked.only, asked.smallest)))
    kills = equal = finished = 0
    with tempfile.TemporaryDirectory() as temporary:
        for writer in writers.prepared(asked, Path(temporary)):
            one, same, count = Path(temporary) / "one", 0, 0
            while count < each:
                shutil.copytree(writer.ready, one)
                struck, wrong = try_once(writer, one, rng)
                shutil.rmtree(one)
                if not struck:
                    continue
                count, kills, same = count + 1, kills + struck, same + (not wrong)
                if wrong:
                    print(f"  {writer.name}: {wrong}")
            print(f"{writer.name}: {same} of {count} equal", flush=True)
            equal, finished = equal + same, finished + count
    print(f"{kills} kills: {equal} of {finished} commands ended as if undisturbed")


if __name__ == "__main__":
    main()
