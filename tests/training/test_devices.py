"""Several devices and several machines, by the command line: here two processes on the CPU.

Without the loss of the mixture (its weight is 0) and without dropout, two devices at half the batch take the
steps of one; that the gate takes part, and gets no gradient after a while, is as in any run.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from isthmus import CrossModalNet, Run, fit

pytestmark = pytest.mark.slow

SETTINGS = {"optimizer": "sgd", "lr": 0.1, "epochs": 2, "epoch_steps": 3, "scale": "channel"}
SETTINGS |= {"augment": None}  # whose draws are those of a device's own batch
CLI = str(Path(__file__).with_name("tiny_cli.py"))
TORCHRUN = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--master-addr",
    "127.0.0.1",
    "--nproc-per-node",
    "1",
]
SRUN = {
    "SLURM_JOB_ID": "12", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NUM_NODES": "2",
    "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "1", "SLURM_NNODES": "2", "SLURM_NODELIST": "localhost",
}  # fmt: skip


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


Command = tuple[list[str], dict[str, str]]
"""Words, and variables"""


def devices(words: list[str]) -> list[Command]:
    """Two devices of one machine: Lightning starts the second process."""
    return [([sys.executable, CLI, *words, "--devices", "2"], {})]


def torchrun(words: list[str]) -> list[Command]:
    """Two machines, on each of which torchrun is started."""
    options = ["--nnodes", "2", "--nproc-per-node", "1", "--master-port", str(free_port())]
    return [([*TORCHRUN, *options, "--node-rank", str(n), CLI, *words, "--nodes", "2"], {}) for n in (0, 1)]


def srun(words: list[str]) -> list[Command]:
    """Two machines, with the variables that srun gives to a task on each."""
    of_all = SRUN | {"MASTER_PORT": str(free_port())}
    of_each = [{"SLURM_PROCID": str(n), "SLURM_NODEID": str(n), "SLURM_LOCALID": "0"} for n in (0, 1)]
    return [([sys.executable, CLI, *words, "--nodes", "2"], of_all | own) for own in of_each]


def run_all(commands: list[Command]) -> list[tuple[int, str, str]]:
    """Run commands at the same time; return exit code, stdout and stderr of each."""
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    begun = [subprocess.Popen(words, env=os.environ | more, **pipes) for words, more in commands]
    said = [process.communicate(timeout=300) for process in begun]
    return [(process.returncode, *texts) for process, texts in zip(begun, said, strict=True)]


@pytest.fixture
def one(make_task, backbones, tmp_path) -> Run:
    """The run on one device."""
    method = {"name": "pare", "beta_2": 0}
    settings = {"backbone": backbones["vit"], "source": "tiny-pictures", "batch_size": 8, **SETTINGS}
    return fit(make_task(), method=method, out=tmp_path / "one", **settings)


@pytest.mark.parametrize("start", [devices, torchrun, srun])
def test_two_processes_take_the_steps_of_one(start, one, backbones, tmp_path):
    words = [
        "fit", "tiny", "--backbone", backbones["vit"], "--source", "tiny-pictures",
        "--out", str(tmp_path / "two"), "--no-floor", "--set", "method.beta_2=0", "--set", "batch_size=4",
        *(f"--set={key}={json.dumps(value)}" for key, value in SETTINGS.items()),
    ]  # fmt: skip
    first, *others = run_all(start(words))
    result = json.loads((tmp_path / "two" / "result.json").read_text())
    assert first[:2] == (0, f"test error {result['error']:.4f}  ({tmp_path / 'two'})\n")
    assert first[2].startswith("next: isthmus report")
    assert first[2].count("\n") == 2
    assert others == [(0, "", "")] * len(others)
    assert result["steps"] == one.result["steps"] == 6
    assert result["error"] == one.test_error
    assert result["validation_error"] == pytest.approx(one.result["validation_error"])
    two = CrossModalNet.from_pretrained(tmp_path / "two" / "model").state_dict()
    for name, value in one.net.state_dict().items():
        torch.testing.assert_close(two[name], value, rtol=1e-4, atol=1e-6)
    rows = [(folder / "metrics.csv").read_text().splitlines() for folder in (one.folder, tmp_path / "two")]
    names = rows[0][0].split(",")
    for row_of_one, row_of_two in zip(*[rows_of[1:] for rows_of in rows], strict=True):
        figures = [
            dict(zip(names, map(float, row.split(",")), strict=True)) for row in (row_of_one, row_of_two)
        ]
        for name in ("val_loss", "val_error", "loss_target", "train_error", "lr", "k"):
            assert figures[0][name] == pytest.approx(figures[1][name], rel=1e-4), name
    log = (tmp_path / "two" / "log.txt").read_text()
    assert log.count("epoch 1:") == 1
