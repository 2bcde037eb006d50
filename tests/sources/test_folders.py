"""A folder of pictures or of text is a source: which classes, which samples, read when they are asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from isthmus.sources import check_source, load_source
from isthmus.store.lazy_array import LazyArray


def paint(path: Path, colour: tuple[int, ...], size: tuple[int, int] = (40, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def write(path: Path, words: str, count: int = 70) -> None:
    """A sentence of so many words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(" ".join(["Here", *[words] * (count - 1)]))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes; three pictures of one, one of them deeper, two of the other."""
    for i in range(2):
        paint(tmp_path / "red" / f"{i}.png", (200 + i, 0, 0))
    paint(tmp_path / "red" / "more" / "2.JPG", (220, 0, 0))
    paint(tmp_path / "blue" / "0.png", (0, 0, 100), (10, 400))
    paint(tmp_path / "blue" / "1.png", (0, 0, 101))
    paint(tmp_path / ".hidden" / "0.png", (0, 0, 0))
    (tmp_path / "empty").mkdir()
    (tmp_path / "README.md").write_text("not a picture")
    (tmp_path / "red" / "notes.txt").write_text("neither")
    return tmp_path


def test_pictures_by_class(pictures: Path) -> None:
    source = load_source(str(pictures), "image")
    assert (source.name, source.classes) == (str(pictures), ("blue", "red"))
    assert source.y.tolist() == [0, 0, 1, 1, 1]
    assert isinstance(source.x, LazyArray)
    assert source.x.shape == (5, 3, 224, 224)
    taken = source.take(np.array([4, 0])).float().mean((2, 3))
    assert taken[0, 0] > 195
    assert 99 < taken[1, 2] < 102
    everything = source.take(np.arange(5)).float().mean((2, 3))
    assert sorted(everything[:2, 2].tolist()) == [100, 101]


def test_the_middle_of_a_picture(tmp_path: Path) -> None:
    picture = np.zeros((20, 60, 3), np.uint8)
    picture[:, 20:40] = 255
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(picture).save(tmp_path / name / "x.png")
    assert (load_source(str(tmp_path), "image").take(np.arange(2)) == 255).all()


def test_the_layout_of_imagenet(pictures: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for part in ("train", "val"):
        for name in ("n1", "n2"):
            paint(home / part / name / "x.png", (0, 0, 0))
    source = load_source(str(home), "image")
    assert (source.classes, len(source)) == (("n1", "n2"), 2)


def test_a_class_is_bounded_and_what_is_left_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isthmus.sources.folders.MAX_SAMPLES", 3)
    for name in ("a", "b"):
        for i in range(9):
            paint(tmp_path / name / f"{i}.png", (20 * i, 0, 0), (8, 8))

    def drawn(seed: int) -> Any:
        source = load_source(str(tmp_path), "image", seed)
        assert source.y.tolist() == [0] * 3 + [1] * 3
        return source.take(np.arange(6)).float().mean((1, 2, 3)).tolist()

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
    assert len(set(drawn(0)[:3])) == 3


def test_nothing_is_read_before_it_is_asked_for(pictures: Path, refuses: Callable[..., Any]) -> None:
    (pictures / "red" / "0.png").write_bytes(b"damaged")
    source = load_source(str(pictures), "image")
    with refuses("file", pictures / "red" / "0.png", upto="cannot be read as a picture:"):
        source.take(np.arange(5))


def test_texts_by_folder(tmp_path: Path) -> None:
    write(tmp_path / "sea" / "one.txt", "wave", 200)
    write(tmp_path / "sea" / "deep" / "two.md", "fish")
    write(tmp_path / "land" / "one.txt", "tree")
    write(tmp_path / "land" / "short.txt", "bush", 20)
    write(tmp_path / "silent" / "short.txt", "stone", 20)
    paint(tmp_path / "land" / "tree.png", (0, 0, 0))
    source = load_source(str(tmp_path), "text")
    assert isinstance(source.x, list)
    assert source.classes == ("land", "sea")
    assert sorted(zip(source.y.tolist(), (text.split()[-1] for text in source.x), strict=True)) == [
        (0, "tree"),
        (1, "fish"),
        (1, "wave"),
        (1, "wave"),
    ]


def test_texts_by_file(tmp_path: Path) -> None:
    write(tmp_path / "sea.txt", "wave")
    write(tmp_path / "land.md", "tree")
    source = load_source(str(tmp_path), "text")
    assert (source.classes, source.y.tolist()) == (("land.md", "sea.txt"), [0, 1])


def test_a_class_of_text_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isthmus.sources.folders.MAX_SAMPLES", 4)
    for name in ("a", "b"):
        for i in range(9):
            write(tmp_path / name / f"{i}.txt", f"{name}{'x' * i}")
    source = load_source(str(tmp_path), "text")
    assert source.y.tolist() == [0] * 4 + [1] * 4
    assert load_source(str(tmp_path), "text").x == source.x
    assert load_source(str(tmp_path), "text", 1).x != source.x


@pytest.mark.parametrize("modality", ["image", "text"])
def test_one_class_is_none(tmp_path: Path, modality: str, refuses: Callable[..., Any]) -> None:
    with refuses("file", tmp_path):
        load_source(str(tmp_path), modality)
    paint(tmp_path / "a" / "x.png", (0, 0, 0))
    write(tmp_path / "a" / "x.txt", "word")
    with refuses("file", tmp_path):
        load_source(str(tmp_path), modality)


def test_what_is_neither_a_name_nor_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]
) -> None:
    check_source("procedural")
    check_source(str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    check_source(f"~/{tmp_path.name}")
    with refuses("file", tmp_path / "nowhere"):
        check_source(str(tmp_path / "nowhere"))
    with refuses("unknown", "procedurall"):
        check_source("procedurall")
    with refuses("file", "no/where"):
        load_source("no/where", "image")
