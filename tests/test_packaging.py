"""The sdist holds what the wheel is built from, and the wheel works outside of the repository."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHORT = ["--epochs", "1", "--epoch-steps", "1", "--probe-samples", "4", "--no-floor"]
USE = """
import json, sys
import isthmus
from isthmus import cli
print(isthmus.__file__)
for words in json.loads(sys.argv[1]):
    sys.argv = ["isthmus", *words]
    try:
        cli.main()
    except SystemExit as end:
        assert not end.code, words
"""


def build(kind: str, source: Path, target: Path) -> Path:
    """Build a distribution, `sdist` or `wheel`."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (path,) = target.glob("*.tar.gz" if kind == "sdist" else "*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_of_the_sdist_works_elsewhere(tmp_path: Path) -> None:
    sdist = build("sdist", ROOT, tmp_path)
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
        archive.extractall(tmp_path / "source", filter="data")
    assert {"pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md"} <= set(names)
    assert not [name for name in names if name.split("/")[0] in ("tests", "docs", "benchmarks", ".github")]
    (source,) = (tmp_path / "source").iterdir()
    wheel, target = build("wheel", source, tmp_path), tmp_path / "installed"
    offline = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *offline, "--target", target, wheel], check=True)
    metadata = Parser().parsestr(next(target.glob("*.dist-info/METADATA")).read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["optional-dependencies"]) == set(metadata.get_all("Provides-Extra") or [])

    words = [["list", "recipes"], ["fit", "digits100", "--backbone", "swin-micro", *SHORT, "--out", "run"]]
    words += [["report", "run"], ["cite", "run"], ["doctor", "run"]]
    environment = {**os.environ, "PYTHONPATH": str(target), "ISTHMUS_DATA": str(tmp_path / "data")}
    check = [sys.executable, "-c", USE, json.dumps(words)]
    done = subprocess.run(
        check, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(target))
    assert "nasbench360/ninapro/pare" in done.stdout
    assert "% isthmus" in done.stdout
    assert (tmp_path / "run" / "report" / "index.html").is_file()
