"""What all recipes share, and two steps of each from the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from isthmus import recipes
from isthmus.config import make_config
from isthmus.tasks import tasks
from isthmus.training import Run

Command = Callable[..., tuple[int, str, str]]
SHORT = {"epochs": 1, "epoch_steps": 2, "batch_size": 2, "gradient_accumulation_steps": 1}
ALIGNED = {"align_epochs": 1, "source_samples": 8, "max_samples": 4}
OWN = {"task", "backbone", "source", "method", "embedder", *SHORT}
"""Settings that a short run on a small backbone has of its own"""


@pytest.mark.parametrize("name", recipes.names())
def test_what_all_published_runs_share(name: str) -> None:
    """Single precision, decay of every parameter, inputs as they are, validation data trained on."""
    config = make_config(recipes.read(name))
    assert config.runtime.precision == "32"
    assert config.optim.decay_on == "all"
    assert config.model.scale == "none"
    assert config.data.validation == 0
    is_text = config.model.backbone == "roberta-base"
    assert config.model.embedder["name"] == ("norm-first" if is_text else "patch")
    if config.method["name"] == "orca":
        assert config.method["distance"] == "otdd-published"
    else:
        assert config.method["mixer"] == "gate-published"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of small sources: pictures and texts in two classes."""
    folder = tmp_path_factory.mktemp("sources")
    for number, name in enumerate("ab"):
        for kind in ("image", "text"):
            (folder / kind / name).mkdir(parents=True)
        for i in range(4):
            Image.new("RGB", (32, 32), (99 * number, 50 * i, 0)).save(folder / "image" / name / f"{i}.png")
        (folder / "text" / name / "x.txt").write_text(f"{name} b c d e " * 60)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_runs_on_data_of_the_published_shape(
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Command,
    backbones: dict[str, str],
    tmp_path: Path,
    name: str,
) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    asked = make_config(recipes.read(name))
    entry = tasks[asked.task]
    assert run("data", "mock", entry.data_of or entry.name, "--samples", "4")[0] == 0
    backbone, source = ("words", "text") if asked.model.backbone == "roberta-base" else ("swin", "image")
    more: dict[str, Any] = ALIGNED if asked.method["name"] == "orca" else {}
    settings = SHORT | {f"method.{option}": value for option, value in more.items()}
    words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    words += ["--backbone", backbones[backbone], "--source", str(sources / source), "--out", "run"]
    code, out, said = run("fit", "--recipe", name, *words)
    assert (code, said) == (0, "")
    assert out.startswith("test ")
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["task"] == f"{asked.task}-synthetic"
    config = Run(tmp_path / "run").config
    assert config.method.items() >= (asked.method | more).items()
    given = asked.flat(only_given=True)
    found = config.flat()
    assert found["embedder"].items() >= given["embedder"].items()
    assert {key: found[key] for key in given.keys() - OWN} == {key: given[key] for key in given.keys() - OWN}
