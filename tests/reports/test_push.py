"""A model on the hub: uploaded with a card, loaded by its name, through a stand-in with the hub's layout."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import torch
from huggingface_hub import HfApi, ModelCard
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

import isthmus
from isthmus import CrossModalNet
from isthmus.methods.specialists import SpecialistNet
from isthmus.tasks import Task

SHA = "0123456789abcdef0123456789abcdef01234567"
X = np.random.default_rng(0).normal(size=(24, 2, 10)).astype(np.float32)
Y = np.array(["no", "yes"])[np.arange(24) % 2]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a hub, into which uploads go as downloads would."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))

    def create_repo(self: HfApi, repo_id: str, *, private: bool, exist_ok: bool) -> str:
        validate_repo_id(repo_id)
        return f"https://hub.example/{repo_id}"

    def upload_folder(self: HfApi, *, repo_id: str, folder_path: Path, commit_message: str) -> None:
        repository = cache / f"models--{repo_id.replace('/', '--')}"
        (repository / "refs").mkdir(parents=True, exist_ok=True)
        (repository / "refs" / "main").write_text(SHA)
        shutil.copytree(folder_path, repository / "snapshots" / SHA, dirs_exist_ok=True)

    monkeypatch.setattr(HfApi, "create_repo", create_repo)
    monkeypatch.setattr(HfApi, "upload_folder", upload_folder)
    return cache


@pytest.fixture
def fitted(tmp_path: Path, backbones: dict[str, str]) -> Callable[..., isthmus.Run]:
    def fit(**settings: Any) -> isthmus.Run:
        task = Task.from_arrays(X, Y, X, Y, name="tiny", about="made up")
        short: dict[str, Any] = {"epochs": 1, "epoch_steps": 2, "batch_size": 4}
        if settings["method"] == "nft":
            short |= {"backbone": backbones["vit"], "embedder": "patch", "probe_samples": 0}
        return isthmus.fit(task, out=tmp_path / "run", **short, **settings)

    return fit


def test_a_model_comes_back_with_a_card(
    fitted: Callable[..., isthmus.Run], hub: Path, run: Callable[..., Any]
) -> None:
    done = fitted(method="nft")
    code, out, _ = run("push", done.folder, "someone/tiny-model")
    assert (code, out) == (0, "https://hub.example/someone/tiny-model\n")
    net, x = CrossModalNet.from_pretrained("someone/tiny-model"), torch.from_numpy(X)
    with torch.no_grad():
        assert torch.equal(net(x), done.net(x))
    folder = hub / "models--someone--tiny-model" / "snapshots" / SHA
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"net.json", "net.safetensors", "backbone/model.safetensors", "run/config.yaml"} <= kept
    assert not any(name.endswith((".npz", ".part", "last.safetensors")) for name in kept)
    check_card(folder, done)


def check_card(folder: Path, done: isthmus.Run) -> None:
    """Check what a hub reads of a card, and that its figures are there and its code runs."""
    card = ModelCard.load(folder / "README.md")
    assert card.data.library_name == "isthmus"
    (result,) = card.data.eval_results
    assert (result.dataset_name, result.metric_type) == ("tiny", "error")
    assert result.metric_value == pytest.approx(done.test_error)
    text = card.text
    for heading in ("How to use it", "Intended use", "Data", "Training", "Citation"):
        assert f"## {heading}\n" in text
    assert isthmus.cite(done) in text
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert pictures
    assert all((folder / picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    space = {"x": torch.from_numpy(X)}
    exec(code, space)
    with torch.no_grad():
        assert torch.equal(space["outputs"], done.net(space["x"]))


def test_a_specialist_comes_back(fitted: Callable[..., isthmus.Run], hub: Path) -> None:
    done = fitted(method={"name": "wrn", "width": 4})
    isthmus.push_to_hub(done, "someone/specialist", private=True)
    again = SpecialistNet.from_pretrained("someone/specialist")
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), done.net.parameters(), strict=True))
    check_card(hub / "models--someone--specialist" / "snapshots" / SHA, done)


def test_what_the_hub_does_not_take_or_have(
    fitted: Callable[..., isthmus.Run],
    hub: Path,
    refuses: Callable[..., Any],
    run: Callable[..., Any],
    refused: Callable[..., str],
) -> None:
    done = fitted(method={"name": "wrn", "width": 4})
    with refuses("file", "no/such/name", upto="did not take 'no/such/name'"):
        isthmus.push_to_hub(done, "no/such/name")
    with refuses("unknown", "someone/else", upto="the hub gave nothing"):
        CrossModalNet.from_pretrained("someone/else")
    refused(run("push", "nothing", "someone/else"))
    assert not hub.exists() or not list(hub.glob("models--no*"))


def test_a_folder_of_that_name_comes_first(
    fitted: Callable[..., isthmus.Run], hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = fitted(method={"name": "wrn", "width": 4})
    shutil.copytree(done.folder / "model", tmp_path / "some" / "one")
    monkeypatch.chdir(tmp_path)
    assert json.loads(SpecialistNet.from_pretrained("some/one").spec.model_dump_json())["task"] == "tiny"
