"""Ray: a cluster of two nodes on this machine, one of which is killed in the middle of a grid."""

import builtins
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from torch import Generator, Tensor

from isthmus import Task
from isthmus.bench import compare
from isthmus.executors import make_executor
from isthmus.executors.ray import _fitting
from isthmus.training.callbacks import read_rows

ray = pytest.importorskip("ray")

from ray.cluster_utils import Cluster  # noqa: E402

NODE = {"object_store_memory": 100 * 2**20, "include_dashboard": False}
EPOCHS = 4


def waiting_task(killed: Path) -> Task:
    """Make a task whose runs come to their third epoch, and wait there until a node has been killed."""
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    x = rng.normal(size=(24, 12)) + y[:, None]
    steps = count()

    def wait(x: Tensor, y: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        while next(steps) >= 2 and not killed.exists():
            time.sleep(0.01)
        return x, y

    return replace(Task.from_arrays(x[:16], y[:16], x[16:], y[16:], name="tiny"), augment=wait)


def is_alive(process: int) -> bool:
    """Return whether a process is there, and at work."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes of a core each."""
    home = tempfile.mkdtemp(prefix="ray-")  # a short path: Ray keeps sockets there
    os.mkdir(f"{home}/ray")  # where the cluster's address is written; Ray expects the folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_TMPDIR", home)
        made = Cluster(initialize_head=True, head_node_args={**NODE, "num_cpus": 1, "temp_dir": home})
        made.add_node(**NODE, num_cpus=1)
        yield made
        made.shutdown()
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.slow
def test_a_grid_outlives_a_node(cluster, backbones, tmp_path):
    """Every run is there at the end, and no epoch was made twice; one that cannot be made says why."""
    out, killed, over = tmp_path / "grid", tmp_path / "killed", threading.Event()

    def kill_one_when_both_are_at_work() -> None:
        while len(list(out.glob("runs/*/scratch*/checkpoints/last.safetensors"))) < 2:
            if over.wait(0.01):  # they failed before
                return
        owners = [path.read_text() for path in out.glob("runs/*/scratch*/.lock.owner")]
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        while all(is_alive(int(owner.split()[1])) for owner in owners):  # the process ends after its node
            if over.wait(0.01):
                return
        killed.touch()

    killer = threading.Thread(target=kill_one_when_both_are_at_work, daemon=True)
    killer.start()
    wild = {"name": "scratch", "label": "wild", "settings": {"lr": 1e30, "epochs": 1}}
    comparison = compare(
        [waiting_task(killed)], methods=["scratch", wild], backbones=[backbones["vit"]], seeds=2, out=out,
        on={"name": "ray", "address": cluster.address}, epochs=EPOCHS, epoch_steps=1, batch_size=4,
    )  # fmt: skip
    over.set()
    killer.join()
    assert builtins.print.__module__ == "builtins"
    assert [row.status for row in comparison.rows] == ["done", "failed"] * 2
    assert "NaN or infinity" in comparison.rows[1].reason
    logs = [path.read_text() for path in out.glob("runs/*/scratch*/log.txt")]
    assert [log.count(", begun") for log in logs] == [1, 1]
    assert sum(log.count(", resumed") for log in logs) == 1
    for path in out.glob("runs/*/scratch*/metrics.csv"):
        assert [row["epoch"] for row in read_rows(path)] == [*range(1, EPOCHS + 1)]


def test_where_no_ray_answers_it_is_said(refuses, tmp_path, monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    events = make_executor({"name": "ray", "address": "127.0.0.1:1"}).run(print, None, [1], tmp_path, None)
    with refuses("value", "executor.address", upto="no Ray answers at address=127.0.0.1:1"):
        next(events)


@pytest.mark.parametrize(("gpus", "resources", "expected"), [
    (0, {"CPU": 7}, 3), (0, {"CPU": 1}, 1), (0, {}, 1),
    (1, {"CPU": 64, "GPU": 4}, 4), (0.5, {"CPU": 64, "GPU": 4}, 8),
])  # fmt: skip
def test_as_many_tasks_as_fit_the_cluster(gpus, resources, expected):
    assert _fitting(resources, 2, gpus) == expected
