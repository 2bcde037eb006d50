"""Several devices, by the command line: here two processes on the CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from isthmus import CrossModalNet, fit

pytestmark = pytest.mark.slow

# Without the loss of the mixture (its weight is 0) and without dropout, two devices at half the batch take
# the steps of one; that the gate takes part, and gets no gradient after a while, is as in any run.
SETTINGS = {"optimizer": "sgd", "lr": 0.1, "epochs": 2, "epoch_steps": 3, "scale": "channel"}
SETTINGS |= {"augment": None}  # whose draws are those of a device's own batch


def test_two_devices_take_the_steps_of_one(make_task, backbones, tmp_path):
    words = [f"--set={key}={json.dumps(value)}" for key, value in SETTINGS.items()]
    command = [
        sys.executable, str(Path(__file__).with_name("tiny_cli.py")), "fit", "tiny", "--devices", "2",
        "--backbone", backbones["vit"], "--source", "tiny-pictures", "--out", str(tmp_path / "two"),
        *words, "--no-floor", "--set", "method.beta_2=0", "--set", "batch_size=4",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=dict(os.environ))
    assert done.returncode == 0
    assert done.stderr.startswith("next: isthmus report")
    assert done.stderr.count("\n") == 2
    result = json.loads((tmp_path / "two" / "result.json").read_text())
    assert done.stdout == f"test error {result['error']:.4f}  ({tmp_path / 'two'})\n"

    method = {"name": "pare", "beta_2": 0}
    settings = {"backbone": backbones["vit"], "source": "tiny-pictures", "batch_size": 8, **SETTINGS}
    one = fit(make_task(), method=method, out=tmp_path / "one", **settings)
    assert result["steps"] == one.result["steps"] == 6
    assert result["error"] == one.test_error
    assert result["validation_error"] == pytest.approx(one.result["validation_error"])
    two = CrossModalNet.from_pretrained(tmp_path / "two" / "model").state_dict()
    for name, value in one.net.state_dict().items():
        torch.testing.assert_close(two[name], value, rtol=1e-4, atol=1e-6)
    rows = [(tmp_path / name / "metrics.csv").read_text().splitlines() for name in ("one", "two")]
    names = rows[0][0].split(",")
    for row_of_one, row_of_two in zip(*[rows_of[1:] for rows_of in rows], strict=True):
        figures = [
            dict(zip(names, map(float, row.split(",")), strict=True)) for row in (row_of_one, row_of_two)
        ]
        for name in ("val_loss", "val_error", "loss_target", "train_error", "lr", "k"):
            assert figures[0][name] == pytest.approx(figures[1][name], rel=1e-4), name
    log = (tmp_path / "two" / "log.txt").read_text()
    assert log.count("epoch 1:") == 1
