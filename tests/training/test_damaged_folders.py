"""A file of a run that is damaged, or has another form, is told in one line by whoever reads it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from isthmus.errors import InputError
from isthmus.training import Run, fit
from isthmus.training.checkpoints import PARTS, saved_config
from isthmus.training.choosing import read_choice
from isthmus.training.forms import Found, Result
from isthmus.training.kept import read_summary

NOTHING: list[Any] = [[], {}, 3, "x", None, [[]]]


@pytest.fixture(scope="module")
def finished(tmp_path_factory, backbones, make_task) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    settings = {"method": "nft", "backbone": backbones["vit"], "embedder": "patch", "epochs": 1}
    fit(make_task(), out=folder, epoch_steps=1, batch_size=4, probe_samples=0, augment=None, **settings)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def changed(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def without(name: str) -> Callable[[dict], dict]:
    return lambda values: {key: value for key, value in values.items() if key != name}


def instead(name: str, value: Any) -> Callable[[dict], dict]:
    return lambda values: values | {name: value}


def test_what_was_written_has_the_form(finished: Path) -> None:
    written = json.loads((finished / "result.json").read_text())
    assert Run(finished).result == written
    assert read_summary(finished) == json.loads((finished / "data.json").read_text())


@pytest.mark.parametrize("content", NOTHING)
@pytest.mark.parametrize("name", ["result.json", "data.json", "model/net.json"])
def test_another_form(name: str, content: Any, folder: Path) -> None:
    changed(folder / name, lambda _: content)
    readers = {
        "result.json": lambda: Run(folder).result,
        "data.json": lambda: read_summary(folder),
        "model/net.json": lambda: Run(folder).net,
    }
    with pytest.raises(InputError, match=r"\.json' is damaged: ") as error:
        readers[name]()
    assert (error.value.kind, error.value.key) == ("file", str(folder / name))


@pytest.mark.parametrize(
    "change",
    [
        *[without(name) for name, field in Result.model_fields.items() if field.is_required()],
        instead("error", "low"),
        instead("floors", {}),
        instead("versions", [1]),
        instead("steps", None),
        instead("probe", 3),
    ],
)
def test_a_result_that_lacks_something(change: Callable[[dict], dict], folder: Path) -> None:
    changed(folder / "result.json", change)
    with pytest.raises(InputError, match=r"result\.json' is damaged: "):
        _ = Run(folder).result


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("input_shape", [10**12, 20]),
        ("input_shape", [-2, 20]),
        ("input_shape", []),
        ("output_channels", 10**12),
        ("output_channels", 0),
        ("embedder", "nothing"),
        ("embedder_options", {"nothing": 1}),
        ("embedder_options", {"overlap": "x"}),
        ("readout", "nothing"),
        ("source_classes", -1),
        ("kind", 3),
        ("more", 1),
        ("classes", ["low", "high"]),
        ("classes", ["a", "b", "c", "d"]),
    ],
)
def test_a_net_that_is_described_otherwise(name: str, value: Any, folder: Path) -> None:
    changed(folder / "model" / "net.json", instead(name, value))
    with pytest.raises(InputError):
        _ = Run(folder).net


@pytest.mark.parametrize("content", ["", "{", "[]", '{"settings": {}}', '{"seconds": "x", "settings": {}}'])
def test_a_choice_or_a_search_that_is_damaged(
    content: str, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    path = tmp_path / "chosen.json"
    path.write_text(content)
    with refuses("file", path):
        read_choice(path)
    with pytest.raises(ValueError, match=r"Field required|Input should|Invalid JSON"):
        Found.model_validate_json(content)


def rewritten(path: Path, change: Callable[[dict[str, Any]], Any], *, hashed: bool = False) -> None:
    """Write a checkpoint with another tree; with no hash of it, as earlier versions did, unless `hashed`."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = dict(file.metadata())
    tree = {"pairs": change(dict(json.loads(metadata["tree"])["pairs"]))}
    tree["pairs"] = [*map(list, tree["pairs"].items())] if isinstance(tree["pairs"], dict) else tree["pairs"]
    save_file(tensors, path, {**(metadata if hashed else {}), "tree": json.dumps(tree)})


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_checkpoint_that_lacks_a_part_is_not_gone_on_with(part: str, folder: Path) -> None:
    path = folder / "checkpoints" / "last.safetensors"
    rewritten(path, without(part))
    with pytest.raises(InputError, match="is damaged or no checkpoint"):
        saved_config(path)


def test_a_checkpoint_without_a_hash_is_one_of_an_earlier_version(folder: Path) -> None:
    path = folder / "checkpoints" / "last.safetensors"
    before = saved_config(path)
    rewritten(path, lambda tree: tree)
    assert saved_config(path) == before


def test_a_checkpoint_that_was_changed_is_not_gone_on_with(folder: Path, refuses: Callable[..., Any]) -> None:
    path = folder / "checkpoints" / "last.safetensors"
    rewritten(path, instead("global_step", 7), hashed=True)
    with refuses("file", path):
        saved_config(path)


@pytest.mark.parametrize("pairs", [3, [3], [[3]], {"isthmus": 3}, [["isthmus"]]])
def test_a_checkpoint_of_another_form(pairs: Any, folder: Path) -> None:
    path = folder / "checkpoints" / "last.safetensors"
    rewritten(path, lambda _: pairs)
    with pytest.raises(InputError, match="is damaged or no checkpoint"):
        saved_config(path)
