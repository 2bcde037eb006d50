"""Folders that the earlier schema wrote: its runs and grids still open, and go on."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from isthmus import Run, fit
from isthmus.bench import Comparison, compare
from isthmus.bench.grid import read_grid
from isthmus.errors import InputError
from isthmus.executors import Begun, Ended
from isthmus.executors.local import Local
from isthmus.tasks import Task
from isthmus.training.checkpoints import CONFIG_KEY, SafetensorsIO
from isthmus.training.module import TrainingModule

MakeTask = Callable[..., Task]
Write = Callable[[str, Path], Path]

OLD = """\
schema: 2
task: tiny
method: null
backbone: none
embedder: {name: none}
source: null
augment: {name: none}
seed: 0
epochs: 1
epoch_steps: 20
batch_size: 16
accumulate: 1
optimizer: adamw
betas: [0.9, 0.999]
momentum: 0.9
nesterov: false
lr: 0.001
lr_scale: {}
weight_decay: 0.01
warmup: 0.1
schedule: {name: cosine, end: 1.0}
clip: 1.0
dropout: true
freeze: []
precision: auto
devices: 1
validation: 0.2
data: null
keep: last
"""
"""Settings of a rocket as that schema wrote them: every one, also those that it does not use."""

METHODS = ("pare", "nft", "wrn", "rocket")
OLD_NAMES = {
    "gradient_accumulation_steps": "accumulate",
    "max_grad_norm": "clip",
    "fingerprint": "data",
    "checkpoint": "keep",
    "warmup_ratio": "warmup",
}
TRAINING = {
    "epochs": 2,
    "epoch_steps": 3,
    "batch_size": 4,
    "gradient_accumulation_steps": 2,
    "max_grad_norm": 0.5,
    "warmup_ratio": 0.25,
    "checkpoint": "best",
}
CHOSEN = {
    "embedder": "patch",
    "scale": "channel",
    "readout": "last",
    "probe_samples": 0,
    "augment": "none",
}
"""What that schema did where nothing was said"""

NEWER = (
    "class_weights",
    "compile",
    "decay_on",
    "gradient_checkpointing",
    "logger",
    "nodes",
    "patience",
    "sampling",
)
"""Settings that schema had not"""

WEIGHTS = ("model/net.safetensors", "metrics.csv")


def old_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of today as the earlier schema wrote them: flat, complete, by their old names."""
    values: dict[str, Any] = yaml.safe_load(OLD)
    values |= {OLD_NAMES.get(name, name): value for name, value in settings.items() if name not in NEWER}
    if values["backbone"] != "none":
        values["source"] = "procedural"  # which every method with a backbone had, used or not
    values["augment"] = values["augment"] or {"name": "none"}
    return values


def make_old(folder: Path) -> None:
    """Rewrite the settings of a run folder, in its file and its checkpoints."""
    values = old_settings(yaml_settings(folder / "config.yaml"))
    (folder / "config.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    del values["schema"]
    files = SafetensorsIO()
    for path in (folder / "checkpoints").glob("*.safetensors"):
        checkpoint = files.load_checkpoint(path)
        checkpoint[CONFIG_KEY] = values
        files.save_checkpoint(checkpoint, path)


def yaml_settings(path: Path) -> dict[str, Any]:
    """Return what a file of today holds, without its groups."""
    values = yaml.safe_load(path.read_text())
    assert values.pop("schema") == 4
    groups = [values.pop(group, {}) for group in ("model", "data", "optim", "runtime")]
    return {name: value for group in [values, *groups] for name, value in group.items()}


def snapshot(folder: Path) -> dict[Path, bytes]:
    """Return the content of every file in a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def asked(backbones: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What is given to `fit` for each method."""
    method = {
        "pare": {"name": "pare", "start": 0.5},
        "nft": {"name": "nft"},
        "wrn": {"name": "wrn", "width": 4},
        "rocket": {"name": "rocket", "kernels": 84},
    }
    crossing = {"backbone": backbones["swin"], **CHOSEN, **TRAINING}
    settings = {"pare": crossing | {"source": "procedural"}, "nft": crossing, "wrn": TRAINING, "rocket": {}}
    return {name: {"method": method[name], **settings[name]} for name in METHODS}


@pytest.fixture(scope="module")
def today(
    make_task: MakeTask, asked: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Run]:
    """A finished run of each method, as it is written today."""
    home = tmp_path_factory.mktemp("today")
    return {name: fit(make_task(), out=home / name, **settings) for name, settings in asked.items()}


@pytest.fixture
def write_old(today: dict[str, Run]) -> Write:
    """Copies the run of a method to a folder of the earlier schema: write_old(method, folder)."""

    def write(method: str, folder: Path) -> Path:
        shutil.copytree(today[method].folder, folder)
        make_old(folder)
        return folder

    return write


def test_the_folders_are_of_the_earlier_schema(write_old: Write, tmp_path: Path) -> None:
    """Else the tests below would say nothing."""
    folder = write_old("wrn", tmp_path / "old")
    text = (folder / "config.yaml").read_text()
    assert text.startswith("schema: 2\ntask: tiny\nmethod:\n  name: wrn\n")
    values = yaml.safe_load(text)
    assert values.keys() == yaml.safe_load(OLD).keys()
    assert (values["accumulate"], values["clip"], values["warmup"], values["keep"]) == (2, 0.5, 0.25, "best")
    assert (values["backbone"], values["embedder"], values["augment"]) == (
        "none",
        {"name": "none"},
        {"name": "none"},
    )
    checkpoint = SafetensorsIO().load_checkpoint(folder / "checkpoints" / "last.safetensors")
    assert {"schema": 2, **checkpoint[CONFIG_KEY]} == values


@pytest.mark.parametrize("method", METHODS)
def test_settings_have_the_names_and_values_of_today(
    method: str, write_old: Write, today: dict[str, Run], tmp_path: Path
) -> None:
    config = Run(write_old(method, tmp_path / "old")).config
    expected = today[method].config.flat(only_given=True)
    assert {name: config.flat()[name] for name in expected} == expected
    if method != "rocket":
        assert config.optim.gradient_accumulation_steps == 2
        assert (config.optim.max_grad_norm, config.optim.warmup_ratio) == (0.5, 0.25)
        assert config.runtime.checkpoint == "best"
    assert config.data.augment is None
    given = config.flat(only_given=True)
    assert {"backbone", "embedder"} & given.keys() == {"backbone", "embedder"} & expected.keys()


@pytest.mark.parametrize("method", METHODS)
def test_it_predicts(
    method: str, write_old: Write, today: dict[str, Run], tmp_path: Path, make_task: MakeTask
) -> None:
    run, test = Run(write_old(method, tmp_path / "old")), make_task().test
    assert test is not None
    assert run.predict(test.x).tolist() == today[method].predict(test.x).tolist()
    assert run.test_error == today[method].test_error


@pytest.mark.parametrize("method", METHODS)
def test_its_settings_make_the_same_run(
    method: str,
    write_old: Write,
    today: dict[str, Run],
    tmp_path: Path,
    run: Callable[..., tuple[int, str, str]],
) -> None:
    """That of a rocket had epochs and a learning rate, which it does not use."""
    file = write_old(method, tmp_path / "old") / "config.yaml"
    code, _, said = run("fit", "--config", file, "--out", tmp_path / "again")
    assert (code, said) == (0, "")
    again = Run(tmp_path / "again")
    assert (again.folder / "config.yaml").read_text() == (today[method].folder / "config.yaml").read_text()
    for name in WEIGHTS:
        assert (again.folder / name).read_bytes() == (today[method].folder / name).read_bytes(), name


@pytest.mark.parametrize("method", ["pare", "nft", "wrn"])
def test_a_run_that_was_cut_off_goes_on_to_the_same_weights(
    method: str,
    today: dict[str, Run],
    asked: dict[str, dict[str, Any]],
    make_task: MakeTask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, step = tmp_path / "run", TrainingModule.training_step
    epochs: list[int] = []

    def step_until_the_second_epoch(module: TrainingModule, batch: Any, number: int) -> Any:
        if module.current_epoch == 1:
            raise ZeroDivisionError
        return step(module, batch, number)

    def noted_step(module: TrainingModule, batch: Any, number: int) -> Any:
        epochs.append(module.current_epoch)
        return step(module, batch, number)

    monkeypatch.setattr(TrainingModule, "training_step", step_until_the_second_epoch)
    with pytest.raises(ZeroDivisionError):
        fit(make_task(), out=folder, **asked[method])
    assert not (folder / "result.json").exists()
    make_old(folder)
    monkeypatch.setattr(TrainingModule, "training_step", noted_step)
    fit(make_task(), out=folder, resume=True, **asked[method])
    assert epochs == [1] * TRAINING["epoch_steps"]  # type: ignore[operator]
    for name in WEIGHTS:
        assert (folder / name).read_bytes() == (today[method].folder / name).read_bytes(), name


@pytest.mark.parametrize("method", METHODS)
def test_a_finished_run_is_opened(
    method: str,
    write_old: Write,
    asked: dict[str, dict[str, Any]],
    make_task: MakeTask,
    tmp_path: Path,
    refuses: Callable[..., Any],
) -> None:
    folder = write_old(method, tmp_path / "old")
    before = snapshot(folder)
    run = fit(make_task(), out=folder, resume=True, **asked[method])
    assert run == Run(folder)
    with refuses("conflict", "seed"):
        fit(make_task(), out=folder, resume=True, **asked[method], seed=1)
    assert snapshot(folder) == before


def test_a_checkpoint_of_another_old_run_is_refused(
    write_old: Write,
    asked: dict[str, dict[str, Any]],
    make_task: MakeTask,
    tmp_path: Path,
    refuses: Callable[..., Any],
) -> None:
    folder, files = write_old("nft", tmp_path / "old"), SafetensorsIO()
    last = folder / "checkpoints" / "last.safetensors"
    checkpoint = files.load_checkpoint(last)
    checkpoint[CONFIG_KEY]["clip"] = 2.0
    files.save_checkpoint(checkpoint, last)
    (folder / "result.json").unlink()
    with refuses("conflict", "max_grad_norm"):
        fit(make_task(), out=folder, resume=True, **asked["nft"])


@pytest.mark.parametrize("schema", [1, 5])
def test_schemas_that_cannot_be_read_are_refused(
    schema: int,
    write_old: Write,
    asked: dict[str, dict[str, Any]],
    make_task: MakeTask,
    tmp_path: Path,
    refuses: Callable[..., Any],
) -> None:
    folder = write_old("rocket", tmp_path / "old")
    file = folder / "config.yaml"
    number = "" if schema == 1 else f"schema: {schema}\n"  # the first schema had no number
    file.write_text(file.read_text().replace("schema: 2\n", number))
    before = snapshot(folder)
    with refuses("file", file):
        _ = Run(folder).config
    with refuses("file", file):
        fit(make_task(), out=folder, resume=True, **asked["rocket"])
    assert snapshot(folder) == before


GRID = {
    "methods": ["nft", {"name": "nft", "label": "slow", "settings": {"warmup_ratio": 0.5}}, "rocket"],
    "seeds": 1,
    "epochs": 1,
    "epoch_steps": 2,
    "batch_size": 4,
    "max_grad_norm": 0.5,
    "warmup_ratio": 0.25,
    "checkpoint": "best",
    **CHOSEN,
}


@pytest.fixture
def old_grid(
    make_task: MakeTask, backbones: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Comparison]:
    """Makes a grid, or goes on with it: old_grid(**changes). Its folder is of the earlier schema at first."""

    def begin(**changes: Any) -> Comparison:
        asked: dict[str, Any] = GRID | {"backbones": [backbones["vit"]], "out": tmp_path / "grid"} | changes
        return compare([make_task()], processes=1, **asked)

    def run_here(self: Local, function: Any, shared: Any, pieces: Sequence[Any], *_: object) -> Any:
        for number, piece in enumerate(pieces):
            yield Begun(number)
            function(shared, piece)
            yield Ended(number, None)

    # What rocket computes with does not survive a fork once it has been used.
    monkeypatch.setattr(Local, "run", run_here)
    folder = begin().folder
    for result in folder.rglob("result.json"):
        make_old(result.parent)
    file = folder / "grid.yaml"
    values = yaml.safe_load(file.read_text())
    for point in (values, *values["tasks"], *values["methods"]):
        point["settings"] = {OLD_NAMES.get(name, name): v for name, v in point["settings"].items()}
    values["settings"] |= {"augment": {"name": "none"}, "data": None}
    file.write_text(yaml.safe_dump(values, sort_keys=False))
    return begin


def test_a_grid_opens(
    old_grid: Callable[..., Comparison], tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    folder = tmp_path / "grid"
    text = (folder / "grid.yaml").read_text()
    assert all(f"  {name}: " in text for name in ("clip", "warmup", "keep", "data"))
    assert not any(name in text for name in ("max_grad_norm", "warmup_ratio", "fingerprint"))
    opened = Comparison(folder)
    assert [(row.method, row.status) for row in opened.rows] == [
        ("nft", "done"),
        ("slow", "done"),
        ("rocket", "done"),
    ]
    assert opened.grid.settings["warmup_ratio"] == 0.25
    assert opened.grid.methods[1].settings == {"warmup_ratio": 0.5}
    code, out, said = run("report", folder)
    assert (code, said) == (0, "")
    tables, page = out.split("page: ")
    tables, written = tables.split("written to ")
    assert written.startswith(f"{folder}: table.md")
    assert tables.strip() == opened.markdown().strip() == (folder / "table.md").read_text().strip()
    assert Path(page.strip()) == folder / "report" / "index.html"


def test_a_grid_goes_on(old_grid: Callable[..., Comparison], tmp_path: Path) -> None:
    folder = tmp_path / "grid"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    more = old_grid(seeds=2)
    assert [row.status for row in more.rows] == ["done"] * 6
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    assert before.items() <= after.items()
    assert (len(before), len(after)) == (3, 6)
    assert read_grid(folder / "grid.yaml").seeds == [0, 1]
    assert "warmup:" not in (folder / "grid.yaml").read_text()


def test_another_grid_is_refused(old_grid: Callable[..., Comparison], refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "max_grad_norm"):
        old_grid(max_grad_norm=0.25)
    with pytest.raises(InputError, match=r"with warmup_ratio 0\.5, and 0\.1 was asked for"):
        old_grid(
            methods=["nft", {"name": "nft", "label": "slow", "settings": {"warmup_ratio": 0.1}}, "rocket"]
        )
