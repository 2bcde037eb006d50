"""The command line answers at once: what is heavy is imported when a command needs it."""

import ast
import subprocess
import sys

import pytest

CHECK = """
import sys
import isthmus, isthmus.cli
sys.argv = ["isthmus", *{arguments!r}]
try:
    isthmus.cli.main()
except SystemExit as end:
    assert (end.code or 0) == {code}, end.code
heavy = {{"aeon", "lightning", "matplotlib", "numpy", "scipy", "sklearn", "torch", "transformers"}}
heavy |= {{"mlflow", "optuna", "wandb"}}
print("heavy:", sorted(heavy & set(sys.modules)))
"""


def run(*arguments: str, code: int = 0) -> str:
    check = [sys.executable, "-c", CHECK.format(arguments=list(arguments), code=code)]
    return subprocess.run(check, capture_output=True, text=True, check=True).stdout


def test_help_is_light():
    said = run("--help")
    assert "fit" in said
    assert said.endswith("heavy: []\n")


def test_help_of_a_command_is_light():
    said = run("fit", "--help")
    assert "--method" in said
    assert said.endswith("heavy: []\n")


LISTS = ["tasks", "methods", "backbones", "embedders", "augmentations", "mixers", "sources", "schedules"]


@pytest.mark.parametrize(
    "command",
    [["data", "list"], ["data", "info", "nasbench360/cosmic"], *(["list", kind] for kind in LISTS)],
    ids=" ".join,
)
def test_looking_around_imports_no_network(command):
    assert networks(run(*command)) == set()


@pytest.mark.parametrize(
    "command",
    [
        ["fit", "--data", "missing.csv"],
        ["fit", "ArowHead"],
        ["fit", "ArrowHead", "--set", "epoch=3"],
        ["fit", "ArrowHead", "--epochs", "many"],
        ["fit", "ArrowHead", "--method", "par"],
        ["fit", "ArrowHead", "--embedder", "path"],
        ["fit", "ArrowHead", "--config", "missing.yaml"],
        ["data", "info", "nasbench360/cosmi"],
        ["compare", "ArowHead"],
        ["compare", "ArrowHead", "--methods", "nft,par"],
        ["compare", "--config", "missing.yaml"],
        ["inspect", "missing"],
        ["list", "task"],
        ["fitt"],
    ],
    ids=" ".join,
)
def test_a_mistake_is_told_before_a_network_is_imported(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert networks(run(*command, code=2)) == set()


def networks(said: str) -> set[str]:
    """What is heavy of all that was imported; numbers alone are not."""
    return set(ast.literal_eval(said.rpartition("heavy: ")[2])) - {"numpy"}


def test_an_import_that_is_not_light_is_seen():
    """The check above can fail."""
    check = CHECK.format(arguments=["--help"], code=0).replace("isthmus.cli.main()", "import numpy")
    said = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert said == "heavy: ['numpy']\n"


def test_solving_an_equation_is_light():
    """Every process that solves would load it."""
    check = "import sys, isthmus.pde.generate; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"
