"""What is wrong is said in one line, before a folder is made."""

import numpy as np
import pytest

from isthmus import fit
from isthmus.errors import InputError

SHORT = {"method": "nft", "epochs": 1, "epoch_steps": 1, "batch_size": 4}


def said(error) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


SETTINGS = [
    ({"method": "parre"}, "unknown method 'parre'; did you mean 'pare'? known: "),
    (
        {"method": {"start": 0.5}},
        "the setting 'method' is {'start': 0.5}: give a name, or a name and its options",
    ),
    (
        {"method": {"name": "pare", "strat": 1}},
        "unknown option of the method 'pare' 'strat'; did you mean 'start'?",
    ),
    ({"method": {"name": "pare", "start": 1.5}}, "start is 1.5; a fraction k/L lies in [0, 1]"),
    ({"method": {"name": "pare", "start": 0.2, "end": 0.5}}, "rises from 0.2 to 0.5"),
    (
        {"method": {"name": "pare", "start": float("nan")}},
        "'method.start' is nan: input should be a finite number",
    ),
    ({"method": {"name": "pare", "mixer": "gat"}}, "unknown mixer 'gat'; did you mean 'gate'?"),
    ({"embedder": "pach"}, "unknown embedder 'pach'; did you mean 'patch'?"),
    ({"embedder": {"name": "patch", "overlpa": 1}}, "unknown option of the embedder 'patch' 'overlpa'"),
    (
        {"method": "pare", "source": "tiny-picture"},
        "unknown source 'tiny-picture'; did you mean 'tiny-pictures'?",
    ),
    ({"epoch": 3}, "unknown setting 'epoch'; did you mean 'epochs'?"),
    ({"epochs": 0}, "the setting 'epochs' is 0: input should be greater than or equal to 1"),
    ({"lr": float("inf")}, "the setting 'lr' is inf"),
    ({"lr_scale": {"gte": 1}}, "unknown part in lr_scale 'gte'; did you mean 'gate'?"),
    ({"lr_scale": {"gate": -1}}, "the setting 'lr_scale.gate' is -1"),
    ({"batch_size": 20}, "the batch of 20 is larger than the training split of 19 samples"),
    ({"devices": 6}, "6 devices are more than the 5 validation samples; give fewer"),
    (
        {"checkpoint": "best", "validation": 0},
        "checkpoint=best chooses by validation error, and validation=0 leaves no data",
    ),
    ({"fingerprint": "0" * 64}, "the data of 'tiny' has changed since these settings were made; remove"),
    (
        {"source": "tiny-pictures"},
        "the method 'nft' does not use the setting 'source'; leave it out, or give",
    ),
    (
        {"method": "wrn", "freeze": ["key"]},
        "the method 'wrn' does not use the setting 'backbone'; leave it out",
    ),
]


@pytest.mark.parametrize(("settings", "message"), SETTINGS)
def test_names_and_numbers_before_weights(settings, message, make_task, tmp_path):
    """There is no such backbone, and nobody gets as far as looking for it."""
    with pytest.raises(InputError) as error:
        fit(make_task(), backbone="./none", out=tmp_path / "run", **SHORT | settings)
    assert message in said(error)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("backbone", "settings", "message"),
    [
        ("none", {}, "unknown backbone 'none'; known: minilm, swin-micro; or give a local folder"),
        ("swin-mirco", {}, "unknown backbone 'swin-mirco'; did you mean 'swin-micro'?"),
        ("./none", {}, "there is no folder './none'"),
        (
            "swin",
            {"method": "pare", "source": "tiny-texts"},
            "'tiny-texts' is text and the backbone reads image",
        ),
        (
            "words",
            {"method": "pare", "source": "tiny-pictures"},
            "'tiny-pictures' is image and the backbone reads text",
        ),
        (
            "bert",
            {"method": "pare", "source": "tiny-texts"},
            "reads texts, but its folder holds no tokenizer",
        ),
        ("bert", {"embedder": "picture"}, "the embedder 'picture' needs an image backbone"),
    ],
)
def test_what_does_not_fit_together(backbone, settings, message, make_task, backbones, tmp_path):
    with pytest.raises(InputError) as error:
        fit(make_task(), backbone=backbones.get(backbone, backbone), out=tmp_path / "run", **SHORT | settings)
    assert message in said(error)
    assert not (tmp_path / "run").exists()


def test_a_mask_needs_tokens_in_its_own_dimensions(make_task, backbones, tmp_path):
    with pytest.raises(InputError) as error:
        fit(
            make_task("segmentation"),
            backbone=backbones["swin"],
            embedder="picture",
            out=tmp_path / "run",
            **SHORT,
        )
    assert "the embedder 'patch'" in said(error)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("damage", [b"", b"not safetensors", None])
def test_damaged_backbones(damage, make_task, backbones, tmp_path):
    weights = tmp_path / "swin" / "model.safetensors"
    weights.parent.mkdir()
    for name in ("config.json", "model.safetensors"):
        (tmp_path / "swin" / name).write_bytes((weights.parents[2] / backbones["swin"] / name).read_bytes())
    weights.write_bytes(weights.read_bytes()[:-100] if damage is None else damage)
    with pytest.raises(InputError) as error:
        fit(make_task(), backbone=tmp_path / "swin", out=tmp_path / "run", **SHORT)
    assert f"'{weights}' is damaged" in said(error)
    assert not (tmp_path / "run").exists()


def test_numpy_numbers_are_numbers(make_task, backbones, tmp_path):
    settings = SHORT | {"seed": np.int64(2), "lr": np.float32(0.5), "epochs": np.int32(1)}
    run = fit(make_task(), backbone=backbones["vit"], out=tmp_path / "run", **settings)
    assert (run.config.seed, run.config.optim.lr) == (2, 0.5)


@pytest.mark.parametrize("folder", ["/proc/isthmus", "/dev/null", "/dev/null/run"])
def test_folders_that_cannot_be_written_to(folder, make_task, backbones):
    with pytest.raises(InputError) as error:
        fit(make_task(), backbone=backbones["vit"], out=folder, **SHORT)
    assert f"'{folder}'" in said(error)
