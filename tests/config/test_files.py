"""Settings in YAML files and in assignments."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from isthmus.config import (
    assign,
    make_config,
    read_config,
    read_settings,
    write_config,
)
from isthmus.config.files import RENAMED, from_flat_schema
from isthmus.config.schema import GROUPS, SETTINGS


def test_round_trip_through_yaml(tmp_path: Path) -> None:
    config = make_config(
        {"task": "ArrowHead", "method": {"name": "pare", "start": 0.5}, "lr": "1e-4", "seed": 3}
    )
    write_config(config, tmp_path / "config.yaml")
    again = read_config(tmp_path / "config.yaml")
    assert again == config
    assert again.flat(only_given=True) == config.flat(only_given=True)
    assert config.optim.lr == 1e-4


def test_a_file_holds_what_was_given_in_its_groups(tmp_path: Path) -> None:
    write_config(make_config({"task": "x", "lr": 0.5, "betas": (0.9, 0.98)}), tmp_path / "config.yaml")
    assert yaml.safe_load((tmp_path / "config.yaml").read_text()) == {
        "schema": 4,
        "task": "x",
        "optim": {"lr": 0.5, "betas": [0.9, 0.98]},
    }


def test_a_file_may_be_flat_or_in_groups_or_both(tmp_path: Path) -> None:
    path, settings = tmp_path / "mine.yaml", {"task": "x", "epochs": 5, "lr": 0.5, "dropout": False}
    for text in (
        "task: x\nepochs: 5\nlr: 0.5\ndropout: false\n",
        "task: x\noptim:\n  epochs: 5\n  lr: 0.5\nmodel: {dropout: false}\n",
        "task: x\nepochs: 5\noptim: {lr: 0.5}\ndropout: false\n",
    ):
        path.write_text(text)
        assert read_settings(path) == settings


def test_assignments_reach_into_parts() -> None:
    values = assign({"task": "x", "method": "pare"}, ["method.start=0.5", "epochs=3", "schedule.end=2"])
    assert values["method"] == {"name": "pare", "start": 0.5}
    assert values["epochs"] == 3
    assert values["schedule"] == {"name": "cosine", "end": 2}
    assert assign({}, ["lr_scale.embedder=2"]) == {"lr_scale": {"embedder": 2}}
    assert assign({}, ["epochs.x=2", "epochz.y=1"]) == {"epochs": {"x": 2}, "epochz": {"y": 1}}


def test_values_as_yaml_and_people_write_them() -> None:
    values = assign({"task": "x"}, ["lr=1e-3", "precision=32", "max_grad_norm=null", "method=nft", "seed=7"])
    config = make_config(values)
    assert (config.optim.lr, config.runtime.precision, config.optim.max_grad_norm) == (1e-3, "32", None)
    assert config.seed == 7
    assert config.method == {"name": "nft"}


def test_settings_of_the_optimiser_as_files_hold_them(tmp_path: Path) -> None:
    asked = {
        "betas": [0.9, 0.98],
        "freeze": ["query", "key"],
        "momentum": 0.8,
        "nesterov": True,
        "dropout": False,
    }
    config = make_config({"task": "x", "schedule": {"name": "steps", "at": [0.5]}, **asked})
    assert (config.optim.betas, config.model.freeze) == ((0.9, 0.98), ("query", "key"))
    write_config(config, tmp_path / "config.yaml")
    assert read_config(tmp_path / "config.yaml") == config
    assert assign({"task": "x"}, ["schedule=linear", "schedule.end=2"])["schedule"] == {
        "name": "linear",
        "end": 2,
    }


def test_a_file_from_before_a_setting_means_its_default(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("schema: 2\ntask: x\nwarmup: 0.1\n")
    assert read_config(path) == make_config({"task": "x"})


def test_a_source_for_each_modality_as_files_hold_it(tmp_path: Path) -> None:
    config = make_config({"task": "x", "source": {"image": "cifar10", "text": "conll2003"}})
    write_config(config, tmp_path / "config.yaml")
    assert read_config(tmp_path / "config.yaml") == config
    assert assign(config.flat(), ["source.image=voc"])["source"] == {
        "image": "voc",
        "text": "conll2003",
    }


def test_the_earlier_schema_has_every_setting_by_another_name_or_the_same() -> None:
    assert not RENAMED.keys() & SETTINGS.keys() - {"data"}
    assert set(RENAMED.values()) <= SETTINGS.keys()
    assert "data" in GROUPS  # which is why a file must say that it is of the earlier schema
    old = {"task": "x", "accumulate": 2, "clip": None, "keep": "best", "warmup": 0.5, "data": "abc"}
    assert from_flat_schema(old) == {
        "task": "x",
        "gradient_accumulation_steps": 2,
        "max_grad_norm": None,
        "checkpoint": "best",
        "warmup_ratio": 0.5,
        "fingerprint": "abc",
    }


def test_another_schema_is_said(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    path = tmp_path / "config.yaml"
    write_config(make_config({"task": "x"}), path)
    assert path.read_text().startswith("schema: 4\n")
    path.write_text(path.read_text().replace("schema: 4", "schema: 5"))
    for read in (read_config, read_settings):
        with refuses("file", path):
            read(path)
    path.write_text("task: x\n")  # as the first schema was written, and as people write settings
    assert read_settings(path) == {"task": "x"}
    with refuses("file", path):
        read_config(path)


def test_bad_files_are_said(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    with refuses("file", tmp_path / "none.yaml"):
        read_settings(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    with refuses("file", tmp_path / "list.yaml"):
        read_settings(tmp_path / "list.yaml")
    (tmp_path / "broken.yaml").write_text("a: [1, 2")
    with refuses("file", tmp_path / "broken.yaml", upto="is not YAML"):
        read_settings(tmp_path / "broken.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with refuses("file", tmp_path / "bytes.yaml", upto="is not YAML"):
        read_settings(tmp_path / "bytes.yaml")
    with refuses("file", tmp_path):
        read_settings(tmp_path)
    with refuses("value", "epochs"):
        assign({}, ["epochs=[1"])
    with refuses("value", "epochs"):
        assign({}, ["epochs"])


def test_a_file_of_an_earlier_schema_keeps_what_nothing_said_meant(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("schema: 3\ntask: x\nmodel: {backbone: swin-micro}\n")
    config = read_config(path)
    assert (config.model.embedder, config.model.scale) == ({"name": "patch"}, "channel")
    assert (config.model.readout, config.model.probe_samples, config.data.augment) == ("last", 0, None)
    path.write_text("schema: 3\ntask: x\nmodel: {backbone: swin-micro, scale: position}\n")
    assert read_config(path).model.scale == "position"
    path.write_text("schema: 4\ntask: x\nmodel: {backbone: swin-micro}\n")
    assert read_config(path).model.scale == "auto"
