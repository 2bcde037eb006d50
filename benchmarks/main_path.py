"""How many files and functions of isthmus does one fit enter, and how many at an earlier revision?

Traces `fit("digits100", method="pare")`, one epoch of two steps, after a first one has filled all registries
and caches. Counted is every code object of the package that is called, comprehensions and lambdas too; the
`named` ones are without these. With `--against REVISION` the same is counted there, with the ratios.
"""

import argparse
import collections
import inspect
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

from same_results import HERE, TREE, checked_out, without_floors

ME = HERE.with_name("main_path.py")
SMALLEST = {"backbone": "swin-micro", "embedder": "picture", "scale": "channel", "augment": None}


def main() -> None:
    """Print the counts of this tree, and of an earlier revision beside them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--against", metavar="REVISION", help="Git revision, or a folder with another tree")
    parser.add_argument("--files", action="store_true", help="print the functions of each file too")
    parser.add_argument("--smallest", action="store_true", help="count in this tree alone, without a choice")
    parser.add_argument("--count", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.count:
        print(json.dumps(count(SMALLEST if asked.smallest else {})))
        return
    now = count_in(TREE, *["--smallest"] * asked.smallest)
    if asked.files:
        for file, functions in now["files"].items():
            print(f"{len(functions):4} {file}: {', '.join(functions)}")
    print(summary("now", now))
    if asked.against and not asked.smallest:
        with checked_out(asked.against) as earlier:
            before = count_in(earlier)
        print(summary(asked.against, before))
        ratios = [now[key] / before[key] for key in ("entered", "functions", "named")]
        print("ratio: {:.2f} of the files, {:.2f} of the functions, {:.2f} of the named ones".format(*ratios))


def summary(name: str, counts: dict[str, Any]) -> str:
    """Describe the counts of a tree in a line."""
    return (
        f"{name}: {counts['entered']} files, {counts['functions']} functions, {counts['named']} of them named"
    )


def count_in(tree: Path, *options: str) -> dict[str, Any]:
    """Count in a process that runs the code of a tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, str(ME), "--count", *options]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    counts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return counts


def count(settings: dict[str, Any]) -> dict[str, Any]:
    """Trace a fit with some settings: the functions entered, by file."""
    import isthmus

    package = Path(isthmus.__file__).parent
    entered: set[tuple[str, str]] = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_flags & inspect.CO_OPTIMIZED:
            entered.add((code.co_filename, code.co_qualname))

    fit(isthmus, settings)
    sys.setprofile(note)
    fit(isthmus, settings)
    sys.setprofile(None)
    files = collections.defaultdict(list)
    for file, function in sorted(entered):
        if Path(file).is_relative_to(package):
            files[str(Path(file).relative_to(package))].append(function)
    functions = [function for inside in files.values() for function in inside]
    named = sum(not function.rpartition(".")[2].startswith("<") for function in functions)
    return {"files": files, "entered": len(files), "functions": len(functions), "named": named}


def fit(isthmus: Any, settings: dict[str, Any]) -> None:
    """Fit PaRe for two steps."""
    with tempfile.TemporaryDirectory() as folder:
        short = {"epochs": 1, "epoch_steps": 2, **settings, **without_floors(isthmus)}
        isthmus.fit("digits100", method="pare", out=Path(folder) / "run", **short)


if __name__ == "__main__":
    main()
