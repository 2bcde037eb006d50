"""One schema makes the command line, the signature of `fit` and what files hold."""

import importlib
import inspect
import pydoc
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import isthmus
from isthmus.cli.app import app
from isthmus.config import RunConfig, make_config
from isthmus.config.cli import default_in_words, settings_table, type_in_words
from isthmus.config.schema import SET_BY_GRID, SETTINGS

OF_FIT = {"task", "out", "resume", "floor", "callbacks"}
CLI: Any = typer.main.get_command(app)
TASK = "digits100"

positive = st.floats(1e-9, 1e3, exclude_min=True)
fractions = st.floats(0, 1, exclude_max=True)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.integers(0, 2**40),
    "method": st.sampled_from(["nft", "pare"])
    | st.fixed_dictionaries({"name": st.just("pare"), "start": fractions}),
    "backbone": st.sampled_from(["swin-micro", "org/name", "./a folder", "32", "true", "a: b"]),
    "embedder": st.sampled_from(["picture", {"name": "patch", "overlap": 1.5}]),
    "image_size": st.none() | st.integers(16, 512),
    "scale": st.sampled_from(["auto", "channel", "position"]),
    "readout": st.none() | st.sampled_from(["last", "stages"]),
    "predictor_start": st.sampled_from(["new", "probe"]),
    "probe_samples": st.integers(0, 9999),
    "source_labels": st.sampled_from(["classes", "own"]),
    "source": st.none() | st.sampled_from(["procedural", {"image": "cifar10"}]),
    "dropout": st.booleans(),
    "freeze": st.lists(st.sampled_from(["query", "key", "value"]), unique=True),
    "gradient_checkpointing": st.booleans(),
    "batch_size": st.none() | st.integers(1, 999),
    "augment": st.sampled_from(["warp", {"name": "jitter"}]),
    "validation": fractions,
    "class_weights": st.sampled_from(["none", "balanced"]),
    "sampling": st.sampled_from(["shuffled", "balanced"]),
    "fingerprint": st.none() | st.just("0a1b"),
    "epochs": st.integers(1, 999),
    "epoch_steps": st.none() | st.integers(1, 999),
    "gradient_accumulation_steps": st.integers(1, 99),
    "optimizer": st.sampled_from(["adamw", "adam", "sgd"]),
    "betas": st.lists(fractions, min_size=2, max_size=2),
    "momentum": fractions,
    "nesterov": st.booleans(),
    "lr": st.none() | positive,
    "lr_scale": st.dictionaries(st.sampled_from(["body", "gate", "backbone"]), positive),
    "weight_decay": positive,
    "decay_on": st.sampled_from(["matrices", "all"]),
    "warmup_ratio": st.floats(0, 1),
    "schedule": st.sampled_from(["linear", {"name": "steps", "at": [0.25, 0.5]}]),
    "max_grad_norm": st.none() | positive,
    "patience": st.none() | st.integers(1, 9),
    "precision": st.sampled_from(["auto", "32", "bf16", "16"]),
    "devices": st.integers(1, 9),
    "nodes": st.integers(1, 9),
    "compile": st.sampled_from(["auto", "blocks", "none"]),
    "checkpoint": st.sampled_from(["last", "best"]),
    "logger": st.sampled_from(["none", "tensorboard", {"name": "wandb", "project": "mine"}]),
}


def options_of(command: str) -> dict[str, Any]:
    return {p.name: p for p in CLI.commands[command].params if p.param_type_name == "option"}


def test_fit_shows_every_setting_with_its_default() -> None:
    parameters = inspect.signature(isthmus.fit).parameters
    shown = {name: p for name, p in parameters.items() if name not in OF_FIT}
    assert {name: p.default for name, p in shown.items()} == {n: s.default for n, s in SETTINGS.items()}
    assert {name: p.annotation for name, p in shown.items()} == {n: s.type for n, s in SETTINGS.items()}
    assert {p.kind for p in shown.values()} == {inspect.Parameter.KEYWORD_ONLY}
    told = pydoc.plain(pydoc.render_doc(isthmus.fit))
    for name, setting in SETTINGS.items():
        assert re.search(rf"\b{name}: .*= {re.escape(repr(setting.default))}", told), name


def test_every_setting_is_an_option_of_isthmus_fit(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # so that no name is cut short
    options = options_of("fit")
    offered = SETTINGS.keys() - {"fingerprint"}  # which is filled in
    own = {"out", "resume", "floor", "recipe", "config", "data", "describe", "folds", "dry_run"}
    own |= {"assignments"}
    described = {name for name in options if name.startswith("described_")}
    assert options.keys() - own - described - {"help", "quiet", "verbose"} == offered
    code, out, said = run("fit", "--help")
    assert (code, said) == (0, "")
    told = " ".join(re.sub(r"[│╭╮╰╯─]", " ", out).split()).replace("- ", "-")  # broken at a hyphen
    for name in offered:
        option, setting = options[name], SETTINGS[name]
        assert option.opts == [f"--{name.replace('_', '-')}"]
        assert option.metavar == type_in_words(setting).upper()
        default = default_in_words(setting)
        assert option.help == setting.description + (f" (default: {default})" if default else "")
        assert f"{option.opts[0]} {option.metavar} {option.help}" in told


def test_a_grid_offers_what_it_leaves_open() -> None:
    own = {
        "methods",
        "backbones",
        "seeds",
        "reference",
        "out",
        "config",
        "preset",
        "processes",
        "on",
        "cluster",
        "data",
        "describe",
        "dry_run",
        "assignments",
    }
    assert options_of("compare").keys() - own - {
        "help",
        "quiet",
        "verbose",
    } == SETTINGS.keys() - SET_BY_GRID - {"fingerprint"}


def test_the_table_of_the_docs_has_every_setting_in_words() -> None:
    rows = {row[0]: row[1:] for row in settings_table()}
    assert rows.keys() == SETTINGS.keys()
    assert rows["epochs"][:2] == ("integer", "20")
    assert rows["method"][:2] == ("name or options", "pare")
    assert rows["betas"][:2] == ("list", "0.9, 0.999")
    assert rows["optimizer"][:2] == ("adamw|adam|sgd", "adamw")
    assert rows["dropout"][:2] == ("true|false", "true")
    assert rows["lr_scale"][:2] == ("mapping", "")
    assert rows["lr"][:2] == ("number", "")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunConfig]]:
    """A function from the words of `isthmus fit` to the settings that it fits with: asked(*words)."""
    seen: list[RunConfig] = []

    def note(task: str, *, out: object, resume: bool, floor: bool, **values: Any) -> SimpleNamespace:
        seen.append(make_config({"task": task, **values}))
        return SimpleNamespace(test_error=None, folder=out, floors=None)

    def configured(*words: str) -> RunConfig:
        CLI.main(["fit", *words], standalone_mode=False)
        return seen.pop()

    training = importlib.import_module("isthmus.training")
    assert isthmus.fit is training.fit  # which `isthmus` keeps from its first use on: it must not be the note
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "fit", note)
        yield configured


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "mine.yaml"


def written(value: object) -> str:
    """Return a value as one line of YAML."""
    return yaml.safe_dump(value, default_flow_style=True, width=float("inf")).removesuffix("\n...\n").strip()


@pytest.mark.parametrize("name", SETTINGS)
@settings(max_examples=8)
@given(data=st.data())
def test_a_setting_is_the_same_however_it_is_given(
    asked: Callable[..., RunConfig], file: Path, name: str, data: st.DataObject
) -> None:
    value, setting = data.draw(VALUES[name]), SETTINGS[name]
    expected = make_config({"task": TASK, name: value})
    found = [asked(TASK, "--set", f"{name}={written(value)}")]
    if name != "fingerprint":
        text = value if setting.type is str else written(value)
        found.append(asked(TASK, f"--{name.replace('_', '-')}", text))
    flat = {name: value}
    for content in (flat, {setting.group: flat} if setting.group else flat):
        for version in ({}, {"schema": 4}):
            file.write_text(yaml.safe_dump(version | {"task": TASK} | content))
            found.append(asked("--config", str(file)))
    for config in found:
        assert config == expected
        assert config.flat(only_given=True) == expected.flat(only_given=True)
    assert expected.flat()[name] == make_config(expected.flat()).flat()[name]


def test_there_is_a_value_for_every_setting() -> None:
    assert VALUES.keys() == SETTINGS.keys()


def test_numbers_as_people_write_them(asked: Callable[..., RunConfig]) -> None:
    config = asked(
        TASK, "--lr", "1e-3", "--weight-decay", ".1", "--freeze", "[key]", "--max-grad-norm", "null"
    )
    assert (config.optim.lr, config.optim.weight_decay) == (1e-3, 0.1)
    assert config.model.freeze == ("key",)
    assert config.optim.max_grad_norm is None


def test_a_value_that_is_no_yaml_is_said(
    run: Callable[..., tuple[int, str, str]], refused: Callable[..., str]
) -> None:
    assert "'--betas' is no value: '[1' is not YAML" in refused(run("fit", TASK, "--betas", "[1"))


def test_what_is_given_is_laid_over_a_file_in_this_order(asked: Callable[..., RunConfig], file: Path) -> None:
    file.write_text(f"task: {TASK}\nepochs: 1\nlr: 0.1\nseed: 1\nmethod: {{name: pare, start: 0.5}}\n")
    config = asked(
        "--config", str(file), "--lr", "0.2", "--seed", "2", "--set", "seed=3", "--set", "method.end=0.1"
    )
    assert config.flat(only_given=True) == {
        "task": TASK,
        "epochs": 1,
        "lr": 0.2,
        "seed": 3,
        "method": {"name": "pare", "start": 0.5, "end": 0.1},
    }


def test_a_file_s_settings_for_its_own_method_are_left_out_for_another(
    asked: Callable[..., RunConfig], file: Path
) -> None:
    """Unless they are given anew; then they are refused."""
    file.write_text(f"task: {TASK}\nmethod: pare\nsource: procedural\nepochs: 3\nembedder: picture\n")
    words = ["--config", str(file), "--method"]
    assert asked(*words, "mixup").model.source == "procedural"
    assert asked(*words, "nft").flat(only_given=True).keys() == {"task", "method", "epochs", "embedder"}
    assert asked(*words, "wrn").flat(only_given=True).keys() == {"task", "method", "epochs"}
    assert asked(*words, "nft", "--source", "cifar10").model.source == "cifar10"
    file.write_text(f"task: {TASK}\nmethod: nft\nsource: procedural\n")
    assert asked("--config", str(file)).model.source == "procedural"  # for `fit` to refuse
