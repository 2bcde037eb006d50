"""The command line answers at once: what is heavy is imported when a command needs it."""

import subprocess
import sys

CHECK = """
import sys
import isthmus, isthmus.cli
sys.argv = ["isthmus", *{arguments!r}]
try:
    isthmus.cli.main()
except SystemExit as end:
    assert not end.code, end.code
heavy = {{"aeon", "lightning", "matplotlib", "numpy", "scipy", "sklearn", "torch", "transformers"}}
print("heavy:", sorted(heavy & set(sys.modules)))
"""


def run(*arguments: str) -> str:
    check = [sys.executable, "-c", CHECK.format(arguments=list(arguments))]
    return subprocess.run(check, capture_output=True, text=True, check=True).stdout


def test_help_is_light():
    said = run("--help")
    assert "fit" in said
    assert said.endswith("heavy: []\n")


def test_help_of_a_command_is_light():
    said = run("fit", "--help")
    assert "--method" in said
    assert said.endswith("heavy: []\n")


def test_an_import_that_is_not_light_is_seen():
    """The check above can fail."""
    check = CHECK.format(arguments=["--help"]).replace("isthmus.cli.main()", "import numpy")
    said = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert said == "heavy: ['numpy']\n"


def test_solving_an_equation_is_light():
    """Every process that solves would load it."""
    check = "import sys, isthmus.pde.generate; print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout
    assert said == "False\n"
