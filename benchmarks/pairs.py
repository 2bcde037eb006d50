"""Do two commands that write to one place at once both end well, with nothing damaged and nothing lost?

Each command that writes is given twice, the second time a random moment after the first. Each has to end with
code 0, or in one line that says who is at work or what is there already; what lies there afterwards has to be
what one of them alone leaves.
"""

import random
import shutil
import tempfile
import time
from pathlib import Path

import forked  # isort: skip # before all that is heavy
import writers

REFUSALS = (" is at work in '", "holds this run already", "is there already", "is not empty; give")


def try_once(writer: writers.Writer, folder: Path, rng: random.Random) -> str:
    """Give a command twice at once; return what is wrong then."""
    both = [writer.words, [*writer.words, *rng.choice([[], writer.more])]]
    began, started = time.monotonic(), []
    for given in both:
        started.append(forked.begin(forked.command(given), folder))
        time.sleep(rng.random() * 0.3 * writer.seconds * rng.choice([0, 1]))
    ends = [forked.end(child, ear, began, 600) for child, ear in started]
    refused = [end for end in ends if end.code == 2 and any(refusal in end.said for refusal in REFUSALS)]
    fine = {end.code for end in ends} <= {0, 2} and len(refused) == sum(end.code == 2 for end in ends)
    said = "" if fine and len(refused) < 2 else f"{[(end.code, end.last_line) for end in ends]} "
    return said + writer.faults(folder)


def main() -> None:
    """Try as many pairs as asked for."""
    asked = writers.arguments(__doc__, "--pairs", 100)
    rng = random.Random(asked.seed)
    each = 1 if asked.smallest else -(-asked.number // len(writers.writers(asked.only, asked.smallest)))
    good = tried = 0
    with tempfile.TemporaryDirectory() as temporary:
        for writer in writers.prepared(asked, Path(temporary)):
            one, well = Path(temporary) / "one", 0
            for _ in range(each):
                shutil.copytree(writer.ready, one)
                wrong = try_once(writer, one, rng)
                shutil.rmtree(one)
                well += not wrong
                if wrong:
                    print(f"  {writer.name}: {wrong}")
            print(f"{writer.name}: {well} of {each} pairs ended well", flush=True)
            good, tried = good + well, tried + each
    print(f"{good} of {tried} pairs ended well")


if __name__ == "__main__":
    main()
