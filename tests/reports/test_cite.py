"""`isthmus cite`: exactly what a run used."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pybtex.database import parse_string

import isthmus


@pytest.fixture
def finished(tmp_path: Path, result: dict[str, Any]) -> Callable[..., Path]:
    """Writes the result of a run: finished(method="pare")."""

    def write(model_type: str = "", **values: Any) -> Path:
        (tmp_path / "result.json").write_text(json.dumps(result | values))
        if model_type:
            config = tmp_path / "model" / "backbone" / "config.json"
            config.parent.mkdir(parents=True)
            config.write_text(json.dumps({"model_type": model_type}))
        return tmp_path

    return write


def cited(folder: Path) -> dict[str, str]:
    """Return the title of each purpose's entries; BibTeX must be readable."""
    text = isthmus.cite(folder)
    assert parse_string(text, "bibtex").entries
    found: dict[str, str] = {}
    for purposes, title in re.findall(r"^% (.*)\n(?:.*\n)*?  title = \{(.*)\},$", text, re.MULTILINE):
        for purpose in purposes.split(", "):
            found[purpose] = found.get(purpose, "") + re.sub("[{}]", "", title)
    return found


def test_a_crossing(finished: Callable[..., Path]) -> None:
    used = cited(finished("swin", task="GunPoint", method="orca", backbone="swin-micro", source="cifar10"))
    assert {purpose.split()[0] for purpose in used} == {
        "isthmus",
        "method",
        "task",
        "backbone",
        "source",
        "library",
    }
    assert "align then refine" in used["method orca"]
    assert "Three myths" in used["task GunPoint"]
    assert "Swin transformer" in used["backbone swin-micro"]
    assert "Visual atoms" in used["backbone swin-micro"]
    assert "tiny images" in used["source cifar10"]
    libraries = {purpose for purpose in used if purpose.startswith("library")}
    assert libraries == {
        f"library {name}" for name in ("torch", "numpy", "lightning", "transformers", "POT", "aeon")
    }


def test_a_specialist_cites_no_backbone(finished: Callable[..., Path]) -> None:
    used = cited(finished(task="my own", method="fno"))
    assert "Fourier neural operator" in used["method fno"]
    assert not [purpose for purpose in used if purpose.split()[0] in ("task", "backbone", "source")]
    assert {"library neuraloperator", "library lightning"} <= set(used)
    assert "library transformers" not in used


def test_a_model_of_the_hub_cites_its_family(finished: Callable[..., Path]) -> None:
    used = cited(finished("roberta", method="nft", backbone="some-team/some-roberta"))
    assert "RoBERTa" in used["backbone some-roberta"]


def test_what_is_not_installed_any_more_is_left_out(finished: Callable[..., Path]) -> None:
    assert cited(finished("gone", method="gone", backbone="gone", task="gone", source="gone")) == {
        "isthmus": cited(finished())["isthmus"]
    }


def test_the_command(
    finished: Callable[..., Path], run: Callable[..., Any], refused: Callable[..., str]
) -> None:
    folder = finished(method="unet")
    code, out, _ = run("cite", folder)
    assert (code, out) == (0, isthmus.cite(folder))
    refused(run("cite", "nothing"))
