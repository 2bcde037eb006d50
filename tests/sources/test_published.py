"""Small files in each published format, from a download to a test error, and what is wrong with others."""

import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from isthmus.sources import Source, load_source, sources
from isthmus.store import Store
from isthmus.store.paths import published
from isthmus.store.prepare import prepare as prepare_data

NAMES = [name for name, entry in sources.items() if entry.data is not None]
FIT = ["--method", "pare", "--set", "epochs=1", "--set", "epoch_steps=2", "--set", "batch_size=2"]

CONLL = """-DOCSTART- -X- -X- O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
German JJ I-NP I-MISC
call NN I-NP O
. . O O

Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER

They PRP I-NP O
agree VBP I-VP O
. . O O

-DOCSTART- -X- -X- O

In IN I-PP O
New NNP I-NP I-LOC
York NNP I-NP I-LOC
Boston NNP I-NP B-LOC

Paris NNP I-NP I-LOC
Boston NNP I-NP B-LOC
"""


def encoded(picture: np.ndarray, form: str, palette: bool = False) -> bytes:
    """Pixels [H, W] or [H, W, 3] as the bytes of a picture file."""
    image, file = Image.fromarray(picture), io.BytesIO()
    if palette:
        image = image.convert("P") if image.mode != "L" else image
        image.putpalette([c for n in range(256) for c in (n, 255 - n, n // 2)])
    image.save(file, form)
    return file.getvalue()


def flat(colour: Any, size: tuple[int, int] = (40, 30)) -> np.ndarray:
    """A picture [H, W, 3] of one colour, which survives JPEG."""
    return np.full((size[1], size[0], 3), colour, np.uint8)


def write_tar(path: Path, members: dict[str, bytes], mode: Any = "w") -> None:
    with tarfile.open(path, mode) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def cifar10(folder: Path, rng: np.random.Generator) -> Any:
    x, y = rng.integers(0, 256, (20, 3072), dtype=np.uint8), [int(k) for k in rng.integers(0, 10, 20)]
    members = {}
    for n in range(5):
        rows = slice(4 * n, 4 * n + 4)
        batch = {
            b"batch_label": b"training batch",
            b"labels": y[rows],
            b"data": x[rows],
            b"filenames": [b"a"] * 4,
        }
        members[f"cifar-10-batches-py/data_batch_{n + 1}"] = pickle.dumps(batch, 2)
    write_tar(folder / "cifar-10-python.tar.gz", members, "w:gz")
    return x.reshape(20, 3, 32, 32), y


def tiny_imagenet(folder: Path, rng: np.random.Generator) -> Any:
    """Two classes of four; the third picture of each is grey."""
    colours, top = rng.integers(0, 256, (2, 4, 3)), "tiny-imagenet-200"
    with zipfile.ZipFile(folder / "tiny-imagenet-200.zip", "w") as archive:
        for name, those in zip(("n01443537", "n01629819"), colours, strict=True):
            archive.writestr(f"{top}/train/{name}/{name}_boxes.txt", f"{name}_0.JPEG\t0\t0\t9\t9\n")
            for i, colour in enumerate(those):
                picture = flat(colour, (64, 64))
                data = encoded(picture[..., 0] if i == 2 else picture, "JPEG")
                archive.writestr(f"{top}/train/{name}/images/{name}_{i}.JPEG", data)
        archive.writestr(f"{top}/val/images/val_0.JPEG", encoded(flat((0, 0, 0)), "JPEG"))
        archive.writestr(f"{top}/words.txt", "n00001740\tentity\nn01443537\tgoldfish, Carassius auratus\n")
    colours[:, 2, 1:] = colours[:, 2, :1]
    return colours


def imagenet(folder: Path, rng: np.random.Generator) -> None:
    """Two classes of seven pictures, wider than high."""
    inner = {}
    for number, name in enumerate(("n01440764", "n01443537")):
        pictures = (flat((100 * number, 30 * i, 0), (300, 240)) for i in range(7))
        members = {f"{name}_{i}.JPEG": encoded(picture, "JPEG") for i, picture in enumerate(pictures)}
        write_tar(folder / "inner.tar", members)
        inner[f"{name}.tar"] = (folder / "inner.tar").read_bytes()
    (folder / "inner.tar").unlink()
    write_tar(folder / "ILSVRC2012_img_train.tar", inner)


def voc(folder: Path, rng: np.random.Generator) -> None:
    """Three pictures, two of them for training; the left half of a mask is of some object, outlined."""
    members = {"VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt": b"2007_1\n2007_2\n"}
    for number in range(3):
        mask = np.zeros((50, 80), np.uint8)
        mask[:, :40], mask[:, 40:44] = 1 + 7 * number, 255
        where = "VOCdevkit/VOC2012"
        members[f"{where}/JPEGImages/2007_{number}.jpg"] = encoded(
            flat((50 * number, 0, 0), (80, 50)), "JPEG"
        )
        members[f"{where}/SegmentationClass/2007_{number}.png"] = encoded(mask, "PNG", palette=True)
    write_tar(folder / "VOCtrainval_11-May-2012.tar", members)


def conll2003(folder: Path, rng: np.random.Generator) -> None:
    (folder / "eng.train").write_text(CONLL)


WRITERS = {
    "cifar10": cifar10,
    "tiny-imagenet": tiny_imagenet,
    "imagenet": imagenet,
    "voc": voc,
    "conll2003": conll2003,
}


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Writes the published files of a source: publish(name) -> what is in them."""
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))

    def write(name: str) -> Any:
        published(name).mkdir(parents=True, exist_ok=True)
        return WRITERS[name](published(name), np.random.default_rng(0))

    return write


@pytest.fixture
def ready(publish: Callable[..., Any]) -> Callable[..., Any]:
    """Writes and prepares them: ready(name) -> what is in them, the source."""

    def make(name: str) -> tuple[Any, Source]:
        raw = publish(name)
        prepare(name)
        return raw, load_source(name, sources[name].modality)

    return make


def prepare(name: str) -> Store:
    return prepare_data(name, sources[name].require_data())


def test_every_source_on_a_disk_is_tried() -> None:
    assert sorted(WRITERS) == sorted(NAMES)


def test_cifar10_is_a_random_five_thousand_of_all_training_pictures(
    publish: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isthmus.sources.cifar10.SAMPLES", 9)
    x, y = publish("cifar10")
    digest = prepare("cifar10").manifest.digest
    source = load_source("cifar10", "image")
    rows = [row.tobytes() for row in x]
    found = [rows.index(row.tobytes()) for row in source.x]
    assert len(set(found)) == 9
    assert len({number // 4 for number in found}) > 2  # of several batches
    assert source.y.tolist() == [y[number] for number in found]
    assert (source.y.dtype, source.size, source.classes[0]) == (np.int64, (), "airplane")
    taken = source.take(np.array([3, 1]))
    assert taken.dtype == torch.uint8
    np.testing.assert_array_equal(taken, x[[found[3], found[1]]])
    assert prepare("cifar10").manifest.digest == digest  # drawn once and for all


def test_tiny_imagenet(ready: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    colours, source = ready("tiny-imagenet")
    assert source.x.shape == (8, 3, 64, 64)
    np.testing.assert_allclose(source.x.mean((2, 3)), colours.reshape(8, 3), atol=3)
    assert source.y.tolist() == [0] * 4 + [1] * 4
    assert source.classes == ("goldfish, Carassius auratus", "n01629819")
    monkeypatch.setattr("isthmus.sources.tiny_imagenet.USED", 5)  # published: 5,000
    part = load_source("tiny-imagenet", "image")
    assert len(part) == len(part.x) == 5
    means = [tuple(row) for row in source.x.mean((2, 3))]
    assert [source.y[means.index(tuple(row))] for row in part.x.mean((2, 3))] == part.y.tolist()


def test_imagenet(ready: Callable[..., Any]) -> None:
    _, source = ready("imagenet")
    assert source.x.shape == (10, 3, 224, 224)
    assert source.classes == ("n01440764", "n01443537")
    assert source.y.tolist() == [0] * 5 + [1] * 5
    red, green, _ = source.x.mean((2, 3)).T
    np.testing.assert_allclose(red, [0] * 5 + [100] * 5, atol=4)
    for drawn in (green[:5], green[5:]):
        assert len({round(value / 30) for value in drawn}) == 5  # of seven, none twice
    assert prepare("imagenet").manifest.digest == prepare("imagenet").manifest.digest


def test_voc(ready: Callable[..., Any]) -> None:
    _, source = ready("voc")
    assert (source.x.shape, source.y.shape) == ((2, 3, 224, 224), (2, 128, 128))
    assert (source.size, source.classes) == ((128, 128), ("background", "foreground"))
    np.testing.assert_allclose(source.x.mean((2, 3))[:, 0], [50, 100], atol=3)
    expected = np.zeros((128, 128))
    expected[:, :64] = 1  # the outline is background
    np.testing.assert_array_equal(source.y[0], expected)
    labels = source.labels(np.array([1, 0]))
    assert (labels.dtype, labels.shape) == (torch.int64, (2, 128, 128))


def test_conll2003(ready: Callable[..., Any]) -> None:
    _, source = ready("conll2003")
    assert source.x == [
        "EU rejects German call .",
        "Peter Blackburn",
        "In New York Boston",
        "Paris Boston",
    ]
    assert [source.classes[k] for k in source.y] == ["B-ORG", "I-PER", "I-LOC", "B-LOC"]
    assert len(source.classes) == 8


def test_conll2003_in_iob2(publish: Callable[..., Any]) -> None:
    """The same sentences as they are often given: `B-` at the start of every entity."""
    publish("conll2003")
    first = prepare("conll2003").manifest
    path = published("conll2003") / "eng.train"
    lines, before = [], "O"
    for line in path.read_text().splitlines():
        tag = line.split()[-1] if line else "O"
        begins = tag.startswith("I-") and before[2:] != tag[2:]
        lines.append(line.replace(" I-" + tag[2:], " B-" + tag[2:]) if begins else line)
        before = tag
    assert "B-PER" in "".join(lines)
    path.write_text("\n".join(lines))
    assert prepare("conll2003").manifest.arrays == first.arrays


@pytest.mark.parametrize("name", NAMES)
def test_published_files_become_a_run(
    publish: Callable[..., Any], run: Callable[..., Any], backbones: dict[str, str], tmp_path: Path, name: str
) -> None:
    publish(name)
    assert line_of(name, run("data", "list")).endswith("downloaded")
    assert run("data", "prepare", name)[0] == 0
    assert line_of(name, run("data", "list")).endswith("prepared")
    code, out, said = run("data", "verify", name)
    assert (code, said) == (0, "")
    assert out.startswith(f"{name} is intact\n")
    backbone = backbones["words" if sources[name].modality == "text" else "vit"]
    code, _, said = run("fit", "digits100", *FIT, "--source", name, "--backbone", backbone, "--out", "run")
    assert code == 0, said
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert (result["source"], result["error"] > 0) == (name, True)
    assert f"source: {name}\n" in (tmp_path / "run" / "config.yaml").read_text()


def test_masks_and_the_pictures_of_their_bridge(
    publish: Callable[..., Any], run: Callable[..., Any], backbones: dict[str, str]
) -> None:
    publish("voc")
    run("data", "prepare", "voc")
    words = ("--source", "voc", "--backbone", backbones["vit"], "--out", "run")
    assert run("fit", "digits100", *FIT, *words)[0] == 0
    code, out, said = run("inspect", "run")
    assert (code, said) == (0, "")
    assert "distances" in out


@pytest.mark.parametrize(("modality", "backbone"), [("image", "vit"), ("text", "words")])
def test_a_folder_of_ones_own_becomes_a_run(
    run: Callable[..., Any], backbones: dict[str, str], tmp_path: Path, modality: str, backbone: str
) -> None:
    for number, name in enumerate("ab"):
        folder = tmp_path / "mine" / name
        folder.mkdir(parents=True)
        (folder / "x.png").write_bytes(encoded(flat((99 * number, 0, 0)), "PNG"))
        (folder / "x.txt").write_text(f"{name} b c d e " * 20)
    words = ("--source", "mine", "--backbone", backbones[backbone], "--out", "run")
    code, _, said = run("fit", "digits100", *FIT, *words)
    assert code == 0, said
    assert "source: mine\n" in (tmp_path / "run" / "config.yaml").read_text()


def test_a_folder_that_is_not_there(run: Callable[..., Any], refused: Callable[[Any], str]) -> None:
    line = refused(run("fit", "digits100", *FIT, "--source", "not/there"))
    assert "there is no folder 'not/there' to take as a source" in line


@pytest.mark.parametrize("name", NAMES)
def test_a_stand_in_is_called_synthetic(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Callable[..., Any], name: str
) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path))
    assert run("data", "mock", name, "--samples", "4")[0] == 0
    code, out, said = run("data", "verify", name)
    assert (code, out, said) == (0, f"{name} is intact (synthetic stand-in, not the published data)\n", "")
    assert line_of(name, run("data", "list")).endswith("synthetic")
    assert "synthetic: synthetic stand-in, not the published data" in run("data", "info", name)[1]
    source = load_source(name, sources[name].modality)
    assert (source.name, len(source)) == (f"{name}-synthetic", 4)
    assert len(source.classes) > source.y.max()
    assert len(source.take(np.arange(2))) == 2


def test_a_result_of_a_stand_in_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Callable[..., Any], backbones: dict[str, str]
) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path))
    run("data", "mock", "cifar10", "--samples", "4")
    words = ("--source", "cifar10", "--backbone", backbones["vit"], "--out", "a")
    assert run("fit", "digits100", *FIT, *words)[0] == 0
    assert json.loads((tmp_path / "a" / "result.json").read_text())["source"] == "cifar10-synthetic"


@pytest.mark.parametrize(
    ("name", "file", "url"),
    [
        ("imagenet", "ILSVRC2012_img_train.tar", "https://image-net.org"),
        ("conll2003", "eng.train", "https://www.clips.uantwerpen.be"),
    ],
)
def test_what_is_given_on_request_is_not_downloaded(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    run: Callable[..., Any],
    refused: Callable[[Any], str],
    name: str,
    file: str,
    url: str,
) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path))
    line = refused(run("data", "download", name))
    assert f"'{file}' is given on request: see {url}" in line
    assert line.endswith(f"put it at '{tmp_path}/{name}/published/{file}'\n")
    line = refused(run("data", "prepare", name))
    assert f"{file}' is missing: get {url}" in line
    assert line.endswith("and put it there\n")


@pytest.mark.parametrize(
    ("members", "place", "upto"),
    [
        ({}, "", ""),
        ({"ImageSets/Segmentation/train.txt": b"a"}, "", ""),
        ({"JPEGImages/a.jpg": b"no picture"}, ":JPEGImages/a.jpg", "a picture: cannot identify image"),
        (
            {"SegmentationClass/a.png": encoded(flat((0, 0, 0)), "PNG")},
            ":SegmentationClass/a.png",
            "",
        ),
        (
            {"SegmentationClass/a.png": encoded(np.full((9, 9), 21, np.uint8), "PNG")},
            ":SegmentationClass/a.png",
            "",
        ),
        ({"../a.jpg": b""}, "", ""),
    ],
)
def test_foreign_masks(
    publish: Callable[..., Any],
    members: dict[str, bytes],
    place: str,
    upto: str,
    refuses: Callable[..., Any],
) -> None:
    publish("voc")
    whole = {"JPEGImages/a.jpg": encoded(flat((0, 0, 0)), "JPEG")} if members else {}
    whole |= {"ImageSets/Segmentation/train.txt": b"a"} if members else {}
    if members == {"ImageSets/Segmentation/train.txt": b"a"}:
        whole = {}
    path = published("voc") / "VOCtrainval_11-May-2012.tar"
    write_tar(path, whole | members)
    with refuses("file", f"{path}{place}", upto=upto):
        prepare("voc")


@pytest.mark.parametrize("text", ["EU NNP I-ORG\n", "EU NNP I-NP I-GPE\n", "it PRP I-NP O\n", ""])
def test_foreign_columns(publish: Callable[..., Any], text: str, refuses: Callable[..., Any]) -> None:
    publish("conll2003")
    path = published("conll2003") / "eng.train"
    path.write_text(text)
    with refuses("file", path):
        prepare("conll2003")


def test_damaged_text(publish: Callable[..., Any], refuses: Callable[..., Any]) -> None:
    publish("conll2003")
    path = published("conll2003") / "eng.train"
    path.write_bytes(b"\xff\xfe")
    with refuses("file", path):
        prepare("conll2003")


@pytest.mark.parametrize("name", ["cifar10", "tiny-imagenet", "imagenet", "voc"])
def test_a_cut_off_archive(publish: Callable[..., Any], name: str, refuses: Callable[..., Any]) -> None:
    publish(name)
    path = published(name) / sources[name].require_data().files[0].name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    with refuses("file", path, upto="cannot be read as an archive:"):
        prepare(name)


def test_a_picture_of_another_size(publish: Callable[..., Any], refuses: Callable[..., Any]) -> None:
    publish("tiny-imagenet")
    path = published("tiny-imagenet") / "tiny-imagenet-200.zip"
    member = "tiny-imagenet-200/train/n01443537/images/z.JPEG"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, encoded(flat((0, 0, 0)), "JPEG"))
    with refuses("file", f"{path}:{member}"):
        prepare("tiny-imagenet")


def test_too_many_classes(
    publish: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    for name, module in (("tiny-imagenet", "tiny_imagenet"), ("imagenet", "imagenet")):
        monkeypatch.setattr(f"isthmus.sources.{module}.CLASSES", 1)
        publish(name)
        with refuses("file", published(name) / sources[name].require_data().files[0].name):
            prepare(name)


def line_of(name: str, answer: Any) -> str:
    code, out, said = answer
    assert (code, said) == (0, "")
    return next(str(line) for line in out.splitlines() if f" {name} " in f" {line} ").rstrip()
