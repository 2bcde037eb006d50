"""The tiny tasks and sources of the tests of training."""

import runpy
from pathlib import Path

TRAINING = runpy.run_path(str(Path(__file__).parents[1] / "training" / "conftest.py"))

tiny_things = TRAINING["tiny_things"]
make_task = TRAINING["make_task"]
