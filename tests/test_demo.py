"""The main job, made short."""

from pathlib import Path

import pytest
import yaml

from isthmus import demo
from isthmus.methods import Method
from isthmus.plots import intermediate

pytestmark = pytest.mark.slow


def test_the_demo_runs_once_and_leaves_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = yaml.safe_load(demo.RECIPES.read_text())
    recipe["settings"] |= {"epochs": 1, "epoch_steps": 2, "image_size": 32}
    short = tmp_path / "short.yaml"
    short.write_text(yaml.safe_dump(recipe))
    monkeypatch.setattr(demo, "RECIPES", short)
    monkeypatch.setattr(Method, "test_samples", 40)
    monkeypatch.setattr(intermediate, "HALVES", 2)
    out = tmp_path / "demo"
    demo.demo(out)
    shown = capsys.readouterr().out
    for name in recipe["tasks"]:
        assert name in shown
        assert {p.name for p in (out / "pictures").glob(f"{name}-*.png")} == {
            f"{name}-{what}.png" for what in ("curves", "replaced", "embeddings", "classes", "distances")
        }
    results = sorted(out.glob("runs/*/result.json"))
    assert len(results) == len(recipe["tasks"]) * len(recipe["methods"])
    written = [path.stat().st_mtime_ns for path in results]
    demo.demo(out)
    assert [path.stat().st_mtime_ns for path in results] == written  # nothing was fitted twice
