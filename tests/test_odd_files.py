"""Pipes, devices, loops of links, and files that declare more than they hold are refused at once."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from isthmus.backbones import describe_backbone, load_backbone
from isthmus.errors import InputError
from isthmus.files import check_path
from isthmus.model.net import load_net
from isthmus.pde import generate
from isthmus.store.download import hash_file
from isthmus.store.manifest import ArrayManifest, Manifest
from isthmus.store.prepare import mock
from isthmus.store.store import Store
from isthmus.training.checkpoints import SafetensorsIO
from isthmus.training.kept import read_arrays

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")


def odd(path: Path, kind: str) -> Path:
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path.name)
    return path


ODD = ["pipe", "device", "loop"]
READERS = {
    "settings": ["fit", "digits", "--config", "odd.yaml"],
    "grid": ["compare", "--config", "odd.yaml"],
    "description": ["fit", "--data", "waves.npz", "--describe", "odd.yaml"],
    "data": ["fit", "--data", "odd.npz"],
    "described": ["data", "show", "odd.yaml"],
    "run": ["fit", "digits", "--method", "scratch", "--out", "run", "--resume"],
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_file_is_told_at_once(
    reader: str, kind: str, tmp_path: Path, run: Callable[..., Any], refused: Callable[..., str]
) -> None:
    np.savez(tmp_path / "waves.npz", x=np.eye(8), y=np.arange(8) % 2)
    (tmp_path / "run").mkdir()
    for name in ("odd.yaml", "odd.npz", "run/config.yaml"):
        odd(tmp_path / name, kind)
    line = refused(run(*READERS[reader]))
    if kind != "loop":
        assert "is no regular file" in line
    elif reader == "run":
        assert "is not empty and holds no run" in line
    else:
        assert "cannot be read: Too many levels" in line


def prepared_array(path: Path) -> Any:
    store = Store.__new__(Store)
    store.folder = path.parent
    store.manifest = Manifest.model_construct(arrays={path.stem: ArrayManifest.model_construct()})
    return store[path.stem]


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(
    "read", [hash_file, load_net, prepared_array, read_arrays, SafetensorsIO().load_checkpoint]
)
def test_no_part_of_a_run_or_of_prepared_data_is_waited_for(
    read: Callable[[Path], Any], kind: str, tmp_path: Path
) -> None:
    odd(tmp_path / "part.npy", kind)
    with pytest.raises(InputError) as error:
        read(tmp_path / "part.npy")
    assert error.value.kind == "file"


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "preprocessor_config.json"])
def test_no_file_of_a_backbone_is_waited_for(name: str, kind: str, vit: Path) -> None:
    (vit / name).unlink(missing_ok=True)
    odd(vit / name, kind)
    with pytest.raises(InputError) as error:
        load_backbone(vit)
    assert error.value.kind == "file"


def test_files_and_folders_are_in_order(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").symlink_to("a")
    for path in (tmp_path, tmp_path / "a", tmp_path / "b"):
        check_path(path)


@pytest.fixture
def vit(backbones: dict[str, str], tmp_path: Path) -> Path:
    load_backbone(backbones["vit"]).save_pretrained(tmp_path / "vit")
    return tmp_path / "vit"


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": 2**20},
        {"intermediate_size": 2**30},
        {"num_channels": 2**30},
        {"image_size": 2**14},
        {"num_hidden_layers": 10**6},
        {"num_hidden_layers": 3},
    ],
)
def test_a_backbone_is_believed_as_far_as_its_weights_go(
    changes: dict[str, int], vit: Path, refuses: Callable[..., Any]
) -> None:
    config = json.loads((vit / "config.json").read_text())
    (vit / "config.json").write_text(json.dumps(config | changes))
    path = vit / "config.json" if changes.get("num_hidden_layers", 0) > 1000 else vit
    with refuses("file", path):
        load_backbone(vit)


@pytest.mark.parametrize("content", ["[]", "3", "{", "null", '"vit"'])
def test_a_configuration_of_another_form(content: str, vit: Path, refuses: Callable[..., Any]) -> None:
    (vit / "config.json").write_text(content)
    with refuses("file", vit / "config.json"):
        describe_backbone(vit)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_told_by_name(
    value: float, vit: Path, refuses: Callable[..., Any]
) -> None:
    weights = load_file(vit / "model.safetensors")
    weights["encoder.layer.0.output.dense.bias"] = torch.full((8,), value)
    save_file(weights, vit / "model.safetensors")
    with refuses("file", vit):
        load_backbone(vit)


@pytest.mark.parametrize(
    ("equation", "parameters"),
    [("reaction-diffusion1d", {"rho": 1e308}), ("diffusion-sorption1d", {"density": 1e308})],
)
def test_a_solution_that_is_not_finite_is_not_written(
    equation: str, parameters: dict[str, float], tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    with refuses("value", equation):
        generate(equation, tmp_path / "a.hdf5", samples=2, resolution=16, **parameters)
    assert not (tmp_path / "a.hdf5").exists()


@pytest.mark.parametrize("samples", [10**8, 10**14])
def test_a_stand_in_has_bounds(samples: int, tmp_path: Path, refuses: Callable[..., Any]) -> None:
    from isthmus.datasets import find

    with refuses("value", "samples"):
        mock("nasbench360/ninapro", find("nasbench360/ninapro").require_data(), tmp_path, samples=samples)


@pytest.mark.parametrize("seeds", [10_001, 999_999_999_999])
def test_seeds_have_bounds(seeds: int, run: Callable[..., Any], refused: Callable[..., str]) -> None:
    refused(run("compare", "digits", "--seeds", seeds, "--dry-run"))


def test_a_task_beside_data_of_ones_own_is_refused(
    tmp_path: Path, run: Callable[..., Any], refused: Callable[..., str]
) -> None:
    np.savez(tmp_path / "waves.npz", x=np.eye(8), y=np.arange(8) % 2)
    refused(run("fit", "--data", "waves.npz", "--set", "task=digits"))
