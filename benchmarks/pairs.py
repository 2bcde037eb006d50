"""Do two commands that write to one place at once both end well, with nothing damaged and nothing lost?

Each command that writes is given twice, the second time a random moment after the first. Each has to end with
code 0, or in one line that says who is at work or what is there already; what lies there afterwards has to be
what one of them alone leaves.
"""

import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

import forked  # isort: skip # before all that is heavy

REFUSALS = (" is at work in '", "holds this run already", "is there already", "is not empty; give")


def main() -> None:
    """Try as many pairs as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="beginning of the names of commands")
    parser.add_argument("--smallest", action="store_true", help="try what is done in a few seconds")
    asked = parser.parse_args()
    forked.import_everything()
    rng = random.Random(asked.seed)
    commands = {
        name: words
        for name, words in forked.writers().items()
        if name.startswith(asked.only or ("mock" if asked.smallest else ""))
    }
    each = 1 if asked.smallest else -(-asked.pairs // len(commands))
    good = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name, (words, more, before) in commands.items():
            whole, one, ready = (Path(temporary) / part for part in ("whole", "one", "ready"))
            forked.start(ready, before)
            shutil.copytree(ready, whole)
            alone = forked.give(words, whole, most_seconds=600)
            assert alone.code == 0, alone
            expected, well = forked.lasting(whole), 0
            for _ in range(each):
                shutil.copytree(ready, one)
                both = [words, [*words, *rng.choice([[], more])]]
                began, started = time.monotonic(), []
                for given in both:
                    started.append(forked.begin(forked.command(given), one))
                    time.sleep(rng.random() * 0.3 * alone.seconds * rng.choice([0, 1]))
                ends = [forked.end(child, ear, began, 600) for child, ear in started]
                refused = [end for end in ends if end.code == 2 and any(r in end.said for r in REFUSALS)]
                fine = {end.code for end in ends} <= {0, 2} and len(refused) == sum(e.code == 2 for e in ends)
                found, left = forked.lasting(one), forked.leftovers(one)
                if fine and len(refused) < 2 and found == expected and not left:
                    well += 1
                else:
                    differ = sorted(n for n in found.keys() | expected if found.get(n) != expected.get(n))
                    said = [(end.code, end.said.strip().splitlines()[-1:]) for end in ends]
                    print(f"  {name}: {said}, {differ[:3]} differ, {left[:3]} left")
                shutil.rmtree(one)
            print(f"{name}: {well} of {each} pairs ended well", flush=True)
            good += well
            shutil.rmtree(whole)
            shutil.rmtree(ready)
    print(f"{good} of {each * len(commands)} pairs ended well")


if __name__ == "__main__":
    main()
