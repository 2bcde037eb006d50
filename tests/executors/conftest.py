"""Pieces of work that write down who did them, and a Slurm of four scripts on this machine."""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PIECE = '''
import os, sys, time
from pathlib import Path
from isthmus.errors import InputError

def do(folder, piece):
    """Write down that a piece was done; some pieces fail, and some end their process the first time."""
    attempts = folder / f"{piece} begun"
    with open(attempts, "a") as file:
        file.write("x")
    if piece == "wrong":
        raise InputError("it is wrong")
    if piece == "broken":
        raise ValueError("it is broken")
    if piece == "long" and attempts.read_text() == "x":
        (folder / "process").write_text(f"{os.getpid()} ")
        time.sleep(60)  # until a signal ends it
    if piece == "killed":
        os.kill(os.getpid(), 9)
    (folder / f"{piece} threads").write_text(os.environ["OMP_NUM_THREADS"])
    (folder / piece).write_text("done")
'''

SBATCH = """#!/bin/bash
here=$(dirname "$0")
cp "$1" "$here/submitted"
[ -e "$here/refuse" ] && { echo "sbatch: error: invalid partition specified: gpuu" >&2; exit 1; }
echo "Submitted batch job 12"
[ -e "$here/hold" ] && exit 0
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$1")
(
    sleep 0.1
    export SLURM_JOB_ID=12 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_NTASKS=1
    for task in $(seq 0 ${last:-0}); do
        [ -n "$last" ] && export SLURM_ARRAY_JOB_ID=12 SLURM_ARRAY_TASK_ID=$task
        bash "$1"
    done
    touch "$here/over"
) > /dev/null 2>&1 &
"""

SRUN = """#!/bin/bash
out=/dev/null; err=/dev/null
while [[ "$1" == --* ]]; do
    [ "$1" = --output ] && { out=$2; shift; }
    [ "$1" = --error ] && { err=$2; shift; }
    shift
done
name() { echo "$1" | sed "s/%j/12/;s/%A/12/;s/%a/$SLURM_ARRAY_TASK_ID/;s/%t/0/"; }
"$@" > "$(name "$out")" 2> "$(name "$err")"
"""

SACCT = """#!/bin/bash
echo "JobID|State|NodeList"
state=RUNNING; [ -e "$(dirname "$0")/over" ] && state=OUT_OF_MEMORY
echo "12|$state|here"
for task in 0 1 2 3; do echo "12_$task|$state|here"; done
"""

SCANCEL = """#!/bin/bash
echo "$@" >> "$(dirname "$0")/cancelled"
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the scripts, where they leave what they were given; `hold` and `refuse` there are orders."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in {"sbatch": SBATCH, "srun": SRUN, "sacct": SACCT, "scancel": SCANCEL}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("isthmus.executors.slurm.POLL", 0.05)
    monkeypatch.setattr("isthmus.executors.slurm.GRACE", 0.0)
    watcher = pytest.importorskip("submitit.slurm.slurm").SlurmInfoWatcher(delay_s=0)
    monkeypatch.setattr("submitit.SlurmJob.watcher", watcher)
    return folder


@pytest.fixture
def do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], None]:
    """A function of a module that other processes import, too."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "piece_of_work.py").write_text(PIECE)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, sys.path)]))
    monkeypatch.delitem(sys.modules, "piece_of_work", raising=False)
    done: Callable[[Path, str], None] = importlib.import_module("piece_of_work").do
    return done
