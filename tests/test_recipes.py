"""Published settings: what they say, and that they run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isthmus import fit, recipes
from isthmus.config import complete_options, make_config
from isthmus.config.resolve import make
from isthmus.methods import methods
from isthmus.model import embedders
from isthmus.schedules import schedules
from isthmus.sources import sources
from isthmus.tasks import tasks
from isthmus.training import Run

Command = Callable[..., tuple[int, str, str]]
TASKS = [
    name for name, entry in tasks.items() if name.startswith(("nasbench360/", "pdebench/")) and entry.data
]
ON_A_LINE = ("ecg", "satellite", "deepsea", "1d")

# epochs, those of warm-up, the one at which the rate is 0, optimiser, rate, decay, samples to a step
PUBLISHED = {
    "nasbench360/cifar100/orca": (60, 5, 200, "sgd", 1e-4, 1e-3, 1024),
    "nasbench360/cifar100/pare": (60, 5, 200, "sgd", 1e-4, 1e-3, 1024),
    "nasbench360/spherical/pare": (60, 5, 60, "adamw", 1e-4, 0.1, 128),
    "nasbench360/darcy/orca": (100, 5, 100, "adamw", 1e-3, 5e-3, 4),
    "nasbench360/psicov/pare": (10, 5, 100, "adam", 5e-6, 1e-5, 32),
    "nasbench360/fsd50k/orca": (100, 5, 100, "adam", 1e-4, 5e-5, 32),
    "nasbench360/fsd50k/pare": (100, 5, 100, "adam", 3e-5, 5e-5, 32),
    "nasbench360/ecg/orca": (15, 5, 200, "sgd", 1e-6, 0.1, 64),
    "nasbench360/ecg/pare": (15, 5, 200, "adamw", 3e-5, 0.1, 64),
    "nasbench360/deepsea/orca": (13, 10, 25, "adam", 1e-5, 0, 16),
    "nasbench360/deepsea/pare": (25, 10, 25, "adam", 1e-5, 0, 16),
    "pdebench/reaction-diffusion1d/orca": (200, 5, 200, "sgd", 1e-3, 1e-5, 4),
    "pdebench/shallow-water2d/pare": (200, 10, 200, "adamw", 1e-4, 0, 4),
    "pdebench/darcy2d/orca": (100, 5, 200, "adamw", 1e-4, 1e-5, 4),
}

# k at the start and at the end, of how many tokens; weight of the mixture; epochs in which the gate learns
MIXED = {
    "nasbench360/ninapro": (2000, 500, 3136, 1.0, 10),
    "nasbench360/darcy": (1000, 500, 3136, 0.3, 10),
    "nasbench360/cosmic": (500, 0, 3136, 0.3, 10),
    "nasbench360/satellite": (32, 0, 46, 0.1, 5),
    "nasbench360/deepsea": (32, 0, 500, 0.1, 5),
    "pdebench/burgers1d": (32, 0, 512, 0.1, 5),
    "pdebench/shallow-water2d": (1000, 500, 3136, 0.3, 10),
}


def test_every_task_has_two() -> None:
    assert len(TASKS) == 18
    assert recipes.names() == sorted(f"{task}/{method}" for task in TASKS for method in ("pare", "orca"))


@pytest.mark.parametrize("name", recipes.names())
def test_each_is_a_description_with_the_published_backbone(name: str) -> None:
    config = make_config(recipes.read(name))
    task, _, method = name.rpartition("/")
    assert config.task == (f"{task}-published" if f"{task}-published" in tasks else task)
    assert config.method["name"] == method
    make("method", complete_options("method", config.method, methods[method]))
    make("schedule", complete_options("schedule", config.optim.schedule, schedules["linear"]))
    embedder_type = embedders[config.model.embedder["name"]]
    embedder = complete_options("embedder", config.model.embedder, embedder_type)
    assert (embedder["overlap"], config.model.dropout) == (1, False)
    backbone, modality = "microsoft/swin-base-patch4-window7-224-in22k", "image"
    if task.endswith(ON_A_LINE):
        backbone, modality = "roberta-base", "text"
    assert config.model.backbone == backbone
    assert isinstance(config.model.source, dict)
    assert list(config.model.source) == [modality]
    assert sources[config.model.source[modality]].modality == modality


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_settings(name: str) -> None:
    epochs, risen, end, optimizer, lr, decay, samples = PUBLISHED[name]
    config = make_config(recipes.read(name))
    optim = config.optim
    assert (optim.epochs, optim.optimizer, optim.lr, optim.weight_decay) == (epochs, optimizer, lr, decay)
    assert (config.data.batch_size or 0) * optim.gradient_accumulation_steps == samples
    assert optim.warmup_ratio * epochs == pytest.approx(risen, rel=1e-3)
    assert optim.schedule["end"] * epochs == pytest.approx(end, rel=1e-3)
    assert optimizer == "sgd" or optim.betas == (0.9, 0.98)


@pytest.mark.parametrize("task", MIXED)
def test_published_mixing(task: str) -> None:
    first, last, tokens, weight, learning = MIXED[task]
    config = make_config(recipes.read(f"{task}/pare"))
    method = config.method
    assert (round(method["start"] * tokens), round(method["end"] * tokens)) == (first, last)
    assert (method["curriculum"], method["beta_2"]) == ("linear", weight)
    assert method["explore"] * config.optim.epochs == pytest.approx(learning, rel=1e-3)
    assert config.model.embedder.get("tokens", 3136) == tokens


def test_published_sources() -> None:
    """ORCA takes CIFAR-10 for all pictures; PaRe takes Tiny-ImageNet for one task, and masks for fields."""
    dense = ("darcy", "psicov", "cosmic", "darcy2d", "shallow-water2d", "reaction-diffusion2d")
    for name in recipes.names():
        _, task, method = name.split("/")
        expected = "voc" if task in dense else "tiny-imagenet" if task == "spherical" else "cifar10"
        expected = "cifar10" if method == "orca" else expected
        expected = "conll2003" if task.endswith(ON_A_LINE) else expected
        assert list(recipes.read(name)["source"].values()) == [expected]


def test_published_sizes_of_classes_in_alignment() -> None:
    sizes = {task: recipes.read(f"{task}/orca")["method"].get("max_samples", 128) for task in TASKS}
    assert {sizes.pop("nasbench360/deepsea"), sizes.pop("nasbench360/psicov")} == {64}
    assert set(sizes.values()) == {128}


def test_published_epochs_of_alignment() -> None:
    epochs = {task: recipes.read(f"{task}/orca")["method"]["align_epochs"] for task in TASKS}
    assert epochs.pop("nasbench360/ninapro") == 100
    assert set(epochs.values()) == {60}


def test_published_rate_of_alignment() -> None:
    """Ten times that of the training; a rate above the default's greatest is written down."""
    for task in TASKS:
        recipe = recipes.read(f"{task}/orca")
        default = min(10 * recipe["lr"], 1e-3)
        assert recipe["method"].get("align_lr", default) == pytest.approx(10 * recipe["lr"])


def test_what_single_recipes_have() -> None:
    assert recipes.read("nasbench360/darcy/pare")["freeze"] == ["query", "key"]
    assert "freeze" not in recipes.read("nasbench360/darcy/orca")
    assert recipes.read("nasbench360/cifar100/pare")["momentum"] == 0.9
    assert recipes.read("nasbench360/ecg/orca")["momentum"] == 0.99
    clips = {name.rpartition("/")[0]: recipes.read(name)["max_grad_norm"] for name in recipes.names()}
    assert {task for task in clips if task.startswith("nasbench360/") and clips[task] == 1} == {
        "nasbench360/ninapro",
        "nasbench360/deepsea",
    }
    assert [task for task in clips if task.startswith("pdebench/") and clips[task] is None] == [
        "pdebench/darcy2d"
    ]


def test_the_list(run: Command) -> None:
    code, out, _ = run("list", "recipes")
    assert code == 0
    first = [line.split()[0] for line in out.splitlines() if line.strip()]
    assert [word for word in first if "/" in word] == recipes.names()


def test_an_unknown_recipe(run: Command, refused: Callable[..., str], refuses: Callable[..., Any]) -> None:
    said = "unknown recipe 'nasbench360/ninapro/pair'; did you mean 'nasbench360/ninapro/pare'? known: "
    assert said in refused(run("fit", "--recipe", "nasbench360/ninapro/pair"))
    with refuses("unknown", "../demo"):
        recipes.read("../demo")


SHORT = {"epochs": 1, "epoch_steps": 2, "batch_size": 2, "gradient_accumulation_steps": 1}
KEPT = (
    "optimizer",
    "lr",
    "momentum",
    "betas",
    "weight_decay",
    "warmup_ratio",
    "schedule",
    "max_grad_norm",
    "dropout",
    "freeze",
)


@pytest.fixture
def synthetic(run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], object]:
    """A function that writes mock data of a task: synthetic(task)."""
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    return lambda task: run("data", "mock", task, "--samples", "4")


@pytest.mark.parametrize("name", ["nasbench360/ninapro/pare", "nasbench360/darcy/pare"])
def test_a_recipe_runs(
    synthetic: Callable[[str], object], run: Command, backbones: dict[str, str], tmp_path: Path, name: str
) -> None:
    asked = make_config(recipes.read(name))
    synthetic(asked.task)
    words = [word for key, value in SHORT.items() for word in ("--set", f"{key}={value}")]
    words += ["--backbone", backbones["swin"], "--source", "procedural", "--out", "run"]
    code, out, said = run("fit", "--recipe", name, *words)
    assert (code, said) == (0, "")
    assert out.startswith("test ")
    config = Run(tmp_path / "run").config
    assert {key: config.flat()[key] for key in KEPT} == {key: asked.flat()[key] for key in KEPT}
    assert config.method.items() >= asked.method.items()
    assert (config.model.source, config.optim.epochs) == ("procedural", 1)


def test_a_sum_over_the_batch_is_a_weight_of_the_source() -> None:
    """sum(target) + b ((1 - l) sum(mixed) + l source) over a batch of 4, divided by 4, has 1/4 l source."""
    recipe = recipes.read("nasbench360/darcy/pare")
    assert (recipe["method"]["source_weight"], recipe["batch_size"]) == (1 / 4, 4)
    assert recipe["optimizer"] == "adamw"  # whose steps do not depend on a factor of the loss
    assert recipe["max_grad_norm"] is None


def test_with_a_backbone_of_another_modality(
    synthetic: Callable[[str], object],
    run: Command,
    backbones: dict[str, str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its default source takes the place of the published one, and that is said."""
    synthetic("nasbench360/ecg")
    words = [word for key, value in SHORT.items() for word in ("--set", f"{key}={value}")]
    words += ["--recipe", "nasbench360/ecg/pare", "--backbone", backbones["swin"]]
    assert run("fit", *words, "--out", "pare")[0] == 0
    assert Run(tmp_path / "pare").config.model.source == "procedural"
    assert _warnings(caplog) == ["the backbone reads image, for which no source is named: procedural"]
    assert run("fit", *words, "--out", "nft", "--method", "nft")[0] == 0
    assert Run(tmp_path / "nft").config.method == {"name": "nft"}
    assert len(_warnings(caplog)) == 1  # where nothing is mixed in, there is nothing to say


def test_from_python(synthetic: Callable[[str], object], backbones: dict[str, str], tmp_path: Path) -> None:
    synthetic("nasbench360/ninapro")
    own = SHORT | {"backbone": backbones["swin"], "source": "procedural", "out": tmp_path / "run"}
    run = fit(**recipes.read("nasbench360/ninapro/pare") | own)
    assert run.config.method["beta_2"] == 1
    assert run.config.optim.betas == (0.9, 0.98)


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
