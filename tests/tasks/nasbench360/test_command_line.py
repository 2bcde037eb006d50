"""From the published files to a test error, by commands alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isthmus.tasks import load_task, tasks

NAMES = [name for name, entry in tasks.items() if name.startswith("nasbench360/") and entry.data]
FIT = ["--method", "nft", "--set", "epochs=1", "--set", "epoch_steps=2", "--set", "batch_size=1"]


def test_all_ten_are_there() -> None:
    assert len(NAMES) == 10


@pytest.mark.parametrize("name", NAMES)
def test_published_files_become_a_test_error(
    publish: Callable[[str], Any], run: Any, backbones: Any, tmp_path: Path, name: str
) -> None:
    publish(name)
    assert _line_of(name, run("data", "list")).endswith("downloaded")
    code, out, said = run("data", "prepare", name)
    assert (code, said) == (0, "")
    assert out.endswith(f"arrays in {tmp_path}/data/{name}/prepared\n")
    assert _line_of(name, run("data", "list")).endswith("prepared")
    code, out, said = run("data", "verify", name)
    assert (code, said) == (0, "")
    assert out.startswith(f"{name} is intact\n")
    code, out, _ = run("fit", name, *FIT, "--backbone", backbones["swin"], "--out", "run")
    assert code == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert (result["task"], result["metric"]) == (name, load_task(name).metric)
    assert out == f"test {result['metric']} {result['error']:.4f}  (run)\n"
    assert result["error"] > 0


def _line_of(name: str, answer: Any) -> str:
    code, out, said = answer
    assert (code, said) == (0, "")
    return next(line for line in out.splitlines() if f"{name} " in line).rstrip()
