"""Training needs no particular device and no installed package, and the package exports what users call."""

import importlib.metadata
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import isthmus
from isthmus import Run, fit
from isthmus.config.schema import OptimConfig
from isthmus.methods.embedder_descent import members_by_class
from isthmus.methods.orca import ORCA
from isthmus.model import CrossModalNet
from isthmus.model.evaluation import compute_device
from isthmus.tasks import Split, Task
from isthmus.training import result
from isthmus.version import __version__

MakeTask = Callable[..., Task]
SHORT: dict[str, Any] = {"epochs": 1, "epoch_steps": 1, "batch_size": 4}
ALIGN: dict[str, Any] = {"name": "orca", "align_epochs": 1, "max_samples": 4, "source_samples": 8}


class Place:
    """A stand-in for a device that this machine lacks; tensors that are moved to it stay where they are."""

    type = "cpu"


def note_moves(monkeypatch: pytest.MonkeyPatch, place: Place) -> list[Tensor]:
    """Return a list that every tensor is put into that is moved to a place."""
    moved: list[Tensor] = []
    to = Tensor.to

    def noted(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if args and args[0] is place:
            moved.append(tensor)
            return tensor
        return to(tensor, *args, **kwargs)

    monkeypatch.setattr(Tensor, "to", noted)
    return moved


def test_a_network_is_on_the_device_of_training_before_it_is_aligned(
    make_task: MakeTask, backbones: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    device, to, align = torch.device("cpu", 0), CrossModalNet.to, ORCA.align

    def noted_to(net: CrossModalNet, *args: Any, **kwargs: Any) -> CrossModalNet:
        calls.append(args[0])
        return to(net, *args, **kwargs)

    def noted_align(method: ORCA, net: CrossModalNet, *args: Any) -> None:
        calls.append("align")
        align(method, net, *args)

    monkeypatch.setattr(sys.modules["isthmus.training.fit"], "compute_device", lambda: device)
    monkeypatch.setattr(CrossModalNet, "to", noted_to)
    monkeypatch.setattr(ORCA, "align", noted_align)
    settings = {"backbone": backbones["swin"], "source": "tiny-pictures", **SHORT}
    fit(make_task(), method=ALIGN, out=tmp_path / "run", **settings)
    assert calls[calls.index("align") - 1] is device


@pytest.mark.parametrize(("count", "rank", "device"), [(0, "1", "cpu"), (2, "1", "cuda:1")])
def test_each_process_has_a_device(
    count: int, rank: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setenv("LOCAL_RANK", rank)
    assert compute_device() == torch.device(device)
    monkeypatch.delenv("LOCAL_RANK")
    assert compute_device() == torch.device(device.replace("1", "0"))


def test_inputs_and_targets_of_the_alignment_go_to_the_device_of_the_network(
    make_task: MakeTask, backbones: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from isthmus.config import make_config
    from isthmus.config.resolve import resolve
    from isthmus.training.fit import build

    chosen = {"embedder": "patch", "scale": "channel", "augment": "none"}
    settings = {"method": ALIGN, "backbone": backbones["swin"], "source": "tiny-pictures", **chosen}
    run = resolve(make_config({"task": "tiny", **settings}), make_task())
    net, source = build(run)
    assert isinstance(net, CrossModalNet)
    assert source is not None
    place, features = Place(), torch.zeros_like(net.embed_target(torch.from_numpy(run.train.x[:8])).mean(1))

    class Scale:
        """The mean of the inputs, on that device."""

        device = place

    def given_features(*_: object) -> Tensor:
        return features

    monkeypatch.setattr("isthmus.methods.orca.source_features", given_features)
    method = ORCA(distance="l2", align_epochs=1, max_samples=4, source_samples=8)
    expected = expected_moves(method, run.train)
    mean = net.x_mean
    embed = net.embed_target

    def embed_there(x: Tensor) -> Tensor:
        del net._buffers["x_mean"]
        net._buffers["x_mean"] = mean
        return embed(x)

    moved = note_moves(monkeypatch, place)
    monkeypatch.setattr(net, "embed_target", embed_there)
    net._buffers["x_mean"] = Scale()  # type: ignore[assignment]
    method.align(net, run.train, source, OptimConfig(lr=1e-3), 0, run.task.sample_losses)
    assert [tensor.tolist() for tensor in moved] == [array.tolist() for array in expected]


def expected_moves(method: ORCA, train: Split) -> list[np.ndarray]:
    """Return inputs and targets of each class in the order in which they are aligned."""
    y = np.asarray(train.y)
    members = [chosen for chosen, _ in members_by_class(y, method.max_samples, 0, 0)]
    return [array for chosen in members for array in (train.x[chosen], y[chosen])]


def test_without_metadata_of_packages_a_run_finishes(
    make_task: MakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    run = fit(make_task(), method={"name": "wrn", "width": 2}, out=tmp_path / "run", **SHORT)
    versions = Run(run.folder).result["versions"]
    assert versions.pop("isthmus") == __version__
    assert versions.pop("python") == ".".join(map(str, sys.version_info[:3]))
    assert versions.keys() == {"torch", "transformers", "lightning", "numpy"}
    assert (versions["torch"], versions["numpy"]) == (torch.__version__, np.__version__)


@pytest.mark.parametrize("method", [{"name": "wrn", "width": 2}, "nft"])
def test_another_library_may_have_set_the_type_of_new_tensors(
    method: Any, make_task: MakeTask, backbones: dict[str, str], tmp_path: Path
) -> None:
    backbone = {"backbone": backbones["vit"]} if method == "nft" else {}
    task = make_task()
    runs = []
    for name, dtype in (("single", torch.float32), ("double", torch.float64)):
        torch.set_default_dtype(dtype)
        try:
            run = fit(task, method=method, out=tmp_path / name, **SHORT, **backbone)
            runs.append((run.test_error, run.outputs(task.test.x[:3])))
            assert torch.get_default_dtype() == dtype
        finally:
            torch.set_default_dtype(torch.float32)
    assert runs[0][0] == runs[1][0]
    torch.testing.assert_close(runs[0][1], runs[1][1], rtol=0, atol=0)


def test_a_task_of_slurm_trains_on_one_device(
    make_task: MakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a job that was given four tasks, for other programs in it."""
    slurm = {"SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "train", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}
    for name, value in {**slurm, "SLURM_LOCALID": "0", "SLURM_NODEID": "0"}.items():
        monkeypatch.setenv(name, value)
    run = fit(make_task(), method={"name": "wrn", "width": 2}, out=tmp_path / "run", **SHORT)
    assert run.result["epochs"] == 1


def test_several_devices_need_a_script_that_can_be_started_again(
    make_task: MakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    with refuses("conflict", "devices"):
        fit(make_task(), method="wrn", devices=2, out=tmp_path / "run", **SHORT)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_most_memory_is_told_on_every_system(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    psutil = pytest.importorskip("psutil")
    here = result.peak_bytes()
    monkeypatch.setattr(result, "STATUS", Path("/nowhere"))
    monkeypatch.setattr(sys, "platform", platform)
    memory = type("Memory", (), {"memory_info": lambda self: type("Info", (), {"peak_wset": here})})
    monkeypatch.setattr(psutil, "Process", memory)
    if platform == "win32":  # which has no such module
        monkeypatch.setitem(sys.modules, "resource", None)
    scale = 1024 if platform == "darwin" else 1
    assert 2**20 < scale * result.peak_bytes() < 2**40


@pytest.mark.parametrize("name", ["compare", "custom_task", "fit", "inspect", "pretrain", "report"])
def test_what_users_call_is_a_function_of_the_package(name: str) -> None:
    assert name in isthmus.__all__
    assert inspect.isfunction(getattr(isthmus, name))
    assert name in dir(isthmus)


@pytest.mark.slow
def test_a_source_tree_that_is_not_installed_works(tmp_path: Path) -> None:
    """Only its folder is on the path: no metadata of isthmus is found there."""
    tree = Path(isthmus.__file__).parents[1]
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "isthmus").symlink_to(tree / "isthmus")
    code = (
        "import importlib.metadata as m, json, isthmus, sys\n"
        "real = m.distribution\n"
        "def distribution(name):\n"
        "    if name == 'isthmus': raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.distribution = distribution\n"
        "method = {'name': 'wrn', 'depth': 10, 'widen': 1}\n"
        "run = isthmus.fit('digits100', method=method, out=sys.argv[1], epochs=1, epoch_steps=1)\n"
        "print(json.dumps([isthmus.__file__, run.result['versions']['isthmus']]))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "run")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file, version = json.loads(done.stdout.splitlines()[-1])
    assert Path(file).parents[1] == tmp_path / "src"
    assert version == __version__
    command = [sys.executable, "-m", "isthmus", "fit", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=True)
    assert "isthmus fit" in told.stdout
