"""Every script of benchmarks/ runs at its smallest size, and every grid there can be begun.

A script is whatever file of benchmarks/ or benchmarks/study/ does something when it is run. It has an option
`--smallest`, with which it does everything it does without, in a few seconds.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks"
FILES = sorted([*FOLDER.glob("*.py"), *FOLDER.glob("study/*.py")])
SCRIPTS = [path for path in FILES if "\nif __name__ ==" in path.read_text(encoding="utf-8")]
GRIDS = sorted(FOLDER.rglob("*.yaml"))
MOMENTARY = {"otdd_cost.py"}
"""Scripts that take less than about three seconds"""

WARM = """
import os, runpy, sys
import isthmus.training
for line in sys.stdin:
    script, output, *options = line.split()
    if not os.fork():
        break
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
else:
    sys.exit()
sys.stdin = open(os.devnull)
for stream in (1, 2):
    os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
sys.argv, sys.path[0] = [script, *options], os.path.dirname(script)
runpy.run_path(script, run_name="__main__")
"""
"""Program that reads names of scripts, and runs each in a process of its own, with torch loaded already"""

Run = Callable[..., str]


def environment(temporary: Path) -> dict[str, str]:
    """Return the variables that scripts run under: one thread, this tree, no GPU."""
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT / "src"),
        "CUDA_VISIBLE_DEVICES": "",
        "TMPDIR": str(temporary),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a script in an empty folder: run(script, *options) -> what it prints."""
    folder = tmp_path_factory.mktemp("scripts")
    output = tmp_path_factory.mktemp("outputs") / "printed"
    process = subprocess.Popen(
        [sys.executable, "-c", WARM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(tmp_path_factory.mktemp("temporary")),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def run_script(script: Path, *options: str) -> str:
        output.write_text("")
        print(script, output, *options, file=stdin, flush=True)
        code = stdout.readline().strip()
        printed = output.read_text()
        assert code == "0", f"{script.relative_to(ROOT)} ended with code {code}:\n{printed[-3000:]}"
        assert list(folder.iterdir()) == [], f"{script.relative_to(ROOT)} leaves files behind"
        return printed

    yield run_script
    stdin.close()
    process.wait()


def with_what_it_imports(script: Path) -> str:
    """Return the text of a script, and of the files beside it that it imports."""
    text = script.read_text(encoding="utf-8")
    beside = [FOLDER / f"{name}.py" for name in re.findall(r"^import (\w+)", text, re.MULTILINE)]
    return text + "".join(path.read_text(encoding="utf-8") for path in beside if path.is_file())


def script_parameter(path: Path) -> object:
    marks = () if path.name in MOMENTARY else pytest.mark.slow
    return pytest.param(path, marks=marks, id=str(path.relative_to(FOLDER)))


@pytest.mark.parametrize("path", [script_parameter(path) for path in SCRIPTS])
def test_a_script_runs_at_its_smallest_size(path: Path, run: Run) -> None:
    assert "--smallest" in with_what_it_imports(path), (
        f"{path.relative_to(ROOT)} has no option --smallest, which tries all it does in a few seconds"
    )
    assert run(path, "--smallest").strip()


@pytest.mark.slow
def test_searched_compares_kernels_too(run: Run) -> None:
    printed = run(FOLDER / "searched.py", "dash", "--smallest")
    assert re.findall(r"^(\w+) .*: searched better by", printed, re.MULTILINE) == ["unsearched", "random"]


@pytest.mark.parametrize("path", GRIDS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_grid_passes_the_checks_before_its_first_run(path: Path) -> None:
    from isthmus.bench.check import complete_grid
    from isthmus.bench.compare import DEFAULTS
    from isthmus.bench.grid import make_grid
    from isthmus.bench.jobs import jobs
    from isthmus.config import read_yaml

    assert jobs(complete_grid(make_grid(DEFAULTS | read_yaml(path)), {}))


def test_results_are_compared_with_a_revision_only_where_there_is_one(tmp_path: Path) -> None:
    copy = tmp_path / "benchmarks" / "same_results.py"
    copy.parent.mkdir()
    shutil.copy(FOLDER / copy.name, copy)
    words = [sys.executable, str(copy), "--against", "HEAD"]
    found = subprocess.run(words, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == f"'{tmp_path}' is not a Git checkout with the revision 'HEAD'\n"


def test_scripts_that_pages_name_exist_and_have_the_options_given_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    found = [
        (page.name, *match)
        for page in pages
        for match in re.findall(
            r"(benchmarks/[\w/]+\.(?:py|yaml))([^`\n]*)", page.read_text(encoding="utf-8")
        )
    ]
    assert found
    for page, name, rest in found:
        assert (ROOT / name).is_file(), f"{page} names {name}, which there is not"
        text = with_what_it_imports(ROOT / name)
        for option in re.findall(r"--[\w-]+", rest):
            assert f'"{option}"' in text, f"{page} gives {option} to {name}, which has no such option"
