"""Who may write to a run's folder."""

import shutil

import pytest
import yaml
from safetensors.torch import save_file
from torch import ones

from isthmus import fit
from isthmus.config import make_config
from isthmus.errors import InputError
from isthmus.training.checkpoints import CONFIG_KEY, SafetensorsIO
from isthmus.training.run_folder import default_folder


@pytest.fixture(scope="module")
def short(backbones):
    return {"method": "nft", "backbone": backbones["vit"], "epochs": 2, "epoch_steps": 1, "batch_size": 4}


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory, make_task, short):
    """A run that was killed when it had written everything but its result."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    fit(make_task(), out=folder, **short)
    (folder / "result.json").unlink()
    return folder


@pytest.fixture
def folder(cut_off, tmp_path):
    return shutil.copytree(cut_off, tmp_path / "run")


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(task, folder, **settings) -> str:
    """What is said; nothing in the folder changes."""
    before = snapshot(folder)
    with pytest.raises(InputError) as error:
        fit(task, out=folder, **settings)
    assert snapshot(folder) == before
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_default_is_named_after_the_run():
    config = make_config({"task": "T", "method": "nft", "backbone": "org/swin-tiny", "seed": 3})
    assert default_folder(config).as_posix() == "runs/T-nft-swin-tiny-3"
    assert default_folder(make_config({"task": "a/../b", "backbone": "x/"})).parent.as_posix() == "runs"


def test_a_run_is_not_begun_twice(make_task, folder, short):
    assert "holds this run already, unfinished; give resume=True to go on with it, another folder" in refusal(
        make_task(), folder, **short
    )


@pytest.mark.parametrize("resume", [False, True])
def test_another_run(make_task, folder, short, resume):
    said = refusal(make_task(), folder, **short, seed=1, resume=resume)
    assert "holds another run: its seed is 0, and 1 was asked for; give another folder" in said


def test_other_data(make_task, folder, short):
    said = refusal(make_task(n=27), folder, **short, resume=True)
    assert "holds another run: its fingerprint is " in said


def test_something_else(make_task, tmp_path, short):
    (tmp_path / "thesis.tex").write_text("years of work")
    for resume in (False, True):
        said = refusal(make_task(), tmp_path, **short, resume=resume)
        assert "is not empty and holds no run; give another folder" in said


@pytest.mark.parametrize("content", ["- a\n", "a: [", "task: tiny\nepoch: 3\n", "", "\xff"])
def test_a_damaged_config(make_task, folder, short, content):
    (folder / "config.yaml").write_bytes(content.encode("latin-1"))
    refusal(make_task(), folder, **short, resume=True)


def test_a_damaged_checkpoint(make_task, folder, short):
    last = folder / "checkpoints" / "last.safetensors"
    whole = last.read_bytes()
    for damaged in (b"", whole[:10], whole[: len(whole) // 2], whole[:-1], b"PK\x03\x04" + whole, whole[8:]):
        last.write_bytes(damaged)
        said = refusal(make_task(), folder, **short, resume=True)
        assert f"'{last}' is damaged or no checkpoint; remove the folder '{last.parent}' to start" in said


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"tree": "{"}, {"tree": '{"pairs": []}'}])
def test_a_foreign_checkpoint(make_task, folder, short, metadata):
    save_file({"weight": ones(2)}, folder / "checkpoints" / "last.safetensors", metadata)
    assert "is damaged or no checkpoint" in refusal(make_task(), folder, **short, resume=True)


def test_a_checkpoint_of_another_run(make_task, folder, short, tmp_path):
    other = fit(make_task(), out=tmp_path / "other", **short | {"lr": 0.5})
    shutil.copy(other.folder / "checkpoints" / "last.safetensors", folder / "checkpoints")
    said = refusal(make_task(), folder, **short, resume=True)
    assert "last.safetensors' is a checkpoint of another run: its lr is 0.5, and 0.0001 was asked for" in said


NEWER = ("betas", "momentum", "nesterov", "schedule", "dropout", "freeze")


def test_a_run_from_before_a_setting_goes_on(make_task, folder, short, cut_off):
    config = yaml.safe_load((folder / "config.yaml").read_text())
    for key in NEWER:
        del next(group for group in config.values() if isinstance(group, dict) and key in group)[key]
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    last, files = folder / "checkpoints" / "last.safetensors", SafetensorsIO()
    checkpoint = files.load_checkpoint(last)
    for key in NEWER:
        del checkpoint[CONFIG_KEY][key]
    files.save_checkpoint(checkpoint, last)
    said = refusal(make_task(), folder, **short, resume=True, schedule="constant")
    assert "its schedule is {'name': 'cosine', 'end': 1.0}, and {'name': 'constant'} was asked for" in said
    fit(make_task(), out=folder, resume=True, **short)
    for name in ("metrics.csv", "model/net.safetensors"):
        assert (folder / name).read_bytes() == (cut_off / name).read_bytes()


def test_without_checkpoints_it_starts_anew(make_task, folder, short, cut_off):
    shutil.rmtree(folder / "checkpoints")
    fit(make_task(), out=folder, resume=True, **short)
    for name in ("metrics.csv", "model/net.safetensors"):
        assert (folder / name).read_bytes() == (cut_off / name).read_bytes()


def test_what_was_cut_off_is_cleared_away(make_task, folder, short):
    left = [
        ".config.yaml.12.part.yaml",
        "checkpoints/.last.safetensors.7.part.safetensors",
        "model/half",
        ".x.1.part",
    ]
    for name in left:
        (folder / name).write_text("half")
    (folder / "checkpoints" / "notes.part").write_text("the user's")
    fit(make_task(), out=folder, resume=True, **short)
    assert not any((folder / name).exists() for name in left)
    assert (folder / "checkpoints" / "notes.part").exists()


def test_a_folder_whose_run_was_killed_at_birth_is_empty(make_task, tmp_path, short):
    (tmp_path / ".config.yaml.12.part.yaml").write_text("half")
    fit(make_task(), out=tmp_path, **short)
    assert (tmp_path / "result.json").exists()
    assert not (tmp_path / ".config.yaml.12.part.yaml").exists()
