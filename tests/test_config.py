"""Descriptions of runs."""

from pathlib import Path

import pytest

from isthmus.config import RunConfig, assign, complete, make_config, read_settings
from isthmus.errors import InputError


def test_round_trip_through_yaml(tmp_path: Path) -> None:
    config = make_config(
        {"task": "ArrowHead", "method": {"name": "pare", "start": 0.5}, "lr": "1e-4", "seed": 3}
    )
    config.write(tmp_path / "config.yaml")
    assert RunConfig.read(tmp_path / "config.yaml") == config
    assert config.lr == 1e-4


def test_assignments_reach_into_parts() -> None:
    values = assign({"task": "x", "method": "pare"}, ["method.start=0.5", "epochs=3", "embedder.overlap=1"])
    assert values["method"] == {"name": "pare", "start": 0.5}
    assert values["epochs"] == 3
    assert values["embedder"] == {"name": "patch", "overlap": 1}
    assert assign({}, ["lr_scale.embedder=2"]) == {"lr_scale": {"embedder": 2}}
    assert assign({}, ["epochs.x=2", "epochz.y=1"]) == {"epochs": {"x": 2}, "epochz": {"y": 1}}


def test_values_as_yaml_and_people_write_them() -> None:
    values = assign({"task": "x"}, ["lr=1e-3", "precision=32", "max_grad_norm=null", "method=nft", "seed=7"])
    config = make_config(values)
    assert (config.lr, config.precision, config.max_grad_norm, config.seed) == (1e-3, "32", None, 7)
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
    assert (config.betas, config.freeze) == ((0.9, 0.98), ("query", "key"))
    config.write(tmp_path / "config.yaml")
    assert RunConfig.read(tmp_path / "config.yaml") == config
    assert assign({"task": "x"}, ["schedule=linear", "schedule.end=2"])["schedule"] == {
        "name": "linear",
        "end": 2,
    }


def test_a_file_from_before_a_setting_means_its_default(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("schema: 2\ntask: x\nwarmup: 0.1\n")
    assert RunConfig.read(path) == make_config({"task": "x"})


def test_a_source_for_each_modality(tmp_path: Path) -> None:
    config = make_config({"task": "x", "source": {"image": "cifar10"}})
    assert (config.source_for("image"), config.source_for("text")) == ("cifar10", None)
    assert config.sources == ("cifar10",)
    config = make_config({"task": "x", "source": "any"})
    assert (config.source_for("text"), config.sources) == ("any", ("any",))
    config = make_config({"task": "x"})
    assert (config.source_for("text"), config.sources) == (None, ())
    config = make_config({"task": "x", "source": {"image": "cifar10", "text": "conll2003"}})
    assert config.sources == ("cifar10", "conll2003")
    config.write(tmp_path / "config.yaml")
    assert RunConfig.read(tmp_path / "config.yaml") == config
    assert assign(config.model_dump(), ["source.image=voc"])["source"] == {
        "image": "voc",
        "text": "conll2003",
    }


def test_options_come_from_the_signature() -> None:
    def make(first: int, *, start: float = 0.6, name_of: str = "a") -> None: ...

    assert complete("thing", {"name": "t", "start": "0.25"}, make) == {
        "name": "t",
        "start": 0.25,
        "name_of": "a",
    }
    with pytest.raises(InputError, match=r"unknown option of the thing 't' 'strat'; did you mean 'start'\?"):
        complete("thing", {"name": "t", "strat": 1}, make)
    with pytest.raises(
        InputError, match=r"the setting 'thing.start' is inf: input should be a finite number"
    ):
        complete("thing", {"name": "t", "start": float("inf")}, make)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"task": "x", "epoch": 3}, "unknown setting 'epoch'; did you mean 'epochs'"),
        ({"task": "x", "epochs": 0}, "'epochs' is 0: input should be greater than or equal to 1"),
        ({"task": "x", "optimizer": "adagrad"}, "'optimizer' is 'adagrad'"),
        ({"task": "x", "validation": 1.5}, "'validation' is 1.5"),
        ({}, "the setting 'task' is missing"),
        (
            {"task": "x", "method": {"start": 1}},
            "'method' is {'start': 1}: give a name, or a name and its options",
        ),
        ({"task": "x", "embedder": ["patch"]}, r"'embedder' is \['patch'\]: give a name"),
        ({"task": "x", "lr": float("nan")}, "'lr' is nan: input should be a finite number"),
        ({"task": "x", "lr_scale": {"gate": -1}}, "'lr_scale.gate' is -1"),
        ({"task": "x", "betas": [0.9, 1]}, "'betas.1' is 1: input should be less than 1"),
        ({"task": "x", "betas": [0.9]}, "the setting 'betas.1' is missing"),
        ({"task": "x", "momentum": 1}, "'momentum' is 1: input should be less than 1"),
        ({"task": "x", "momentum": 0, "nesterov": True}, "'nesterov' is True: it needs a momentum above 0"),
        ({"task": "x", "freeze": ["queries"]}, "'freeze.0' is 'queries': input should be 'query', 'key' or"),
        (
            {"task": "x", "source": 3},
            "'source' is 3: give a name, or a name for each modality, such as {image:",
        ),
        ({"task": "x", "source": {"imag": "a"}}, "unknown modality 'imag'; did you mean 'image'"),
        ({"task": "x", "source": {"image": 3}}, "'source' is {'image': 3}: give a name, or a name for each"),
        ({"task": "x", "precision": 8}, "'precision' is '8'"),
        ({"task": "x", "epochs": "1\n2"}, r"'epochs' is '1\\n2'"),
    ],
)
def test_bad_settings_are_said(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_config(values)


def test_another_schema_is_said(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    make_config({"task": "x"}).write(path)
    assert path.read_text().startswith("schema: 2\n")
    path.write_text(path.read_text().replace("schema: 2", "schema: 3"))
    for read in (RunConfig.read, read_settings):
        with pytest.raises(
            InputError, match="is of schema 3 and this version of isthmus reads schema 2; make"
        ):
            read(path)
    path.write_text("task: x\n")  # as the first schema was written, and as people write settings
    assert read_settings(path) == {"task": "x"}
    with pytest.raises(InputError, match="is of schema 1"):
        RunConfig.read(path)


def test_bad_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        read_settings(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    with pytest.raises(InputError, match="holds no settings"):
        read_settings(tmp_path / "list.yaml")
    (tmp_path / "broken.yaml").write_text("a: [1, 2")
    with pytest.raises(InputError, match="is not YAML"):
        read_settings(tmp_path / "broken.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not YAML"):
        read_settings(tmp_path / "bytes.yaml")
    with pytest.raises(InputError, match=f"Is a directory: '{tmp_path}'"):
        read_settings(tmp_path)
    with pytest.raises(InputError, match=r"^'epochs=\[1' sets no value: '\[1' is not YAML$"):
        assign({}, ["epochs=[1"])
    with pytest.raises(InputError, match="sets nothing"):
        assign({}, ["epochs"])
