"""Folders of pictures: how they are made alike, and read again as a task takes them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from isthmus.tasks.custom import custom_task
from isthmus.tasks.custom.contents import open_contents

GRAY = np.full((8, 6), 100, np.uint8)
COLOUR = np.full((8, 6, 3), (10, 20, 30), np.uint8)


def put(folder: Path, *pictures: Image.Image, suffix: str = "png") -> Path:
    for i, picture in enumerate(pictures):
        (folder / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        picture.save(folder / "ab"[i % 2] / f"{i}.{suffix}")
    return folder


def test_unlike_sizes_become_the_median(tmp_path: Path) -> None:
    sizes = [(6, 8), (12, 8), (6, 8), (60, 80)]
    folder = put(tmp_path / "p", *(Image.fromarray(GRAY).resize(size) for size in sizes))
    contents = open_contents(folder)
    assert "pictures of 6 x 8 to 60 x 80 are resized to 9 x 8" in contents.notes[0]
    assert custom_task(folder).input_shape == (1, 8, 9)
    assert (contents.take("x") == 100).all()  # a flat picture stays flat


def test_gray_beside_coloured_pictures_is_coloured(tmp_path: Path) -> None:
    folder = put(tmp_path / "p", Image.fromarray(GRAY), Image.fromarray(COLOUR))
    contents = open_contents(folder)
    x = contents.take("x")
    assert x.shape == (2, 3, 8, 6)
    assert (x[0] == 100).all()
    assert (x[1] == np.array([10, 20, 30])[:, None, None]).all()
    assert any("gray pictures are read as coloured" in note for note in contents.notes)


@pytest.mark.parametrize("mode", ["RGBA", "P", "CMYK"])
def test_other_modes_are_coloured(mode: str, tmp_path: Path) -> None:
    picture = Image.fromarray(COLOUR).quantize(4) if mode == "P" else Image.fromarray(COLOUR).convert(mode)
    x = open_contents(put(tmp_path / "p", picture, picture, suffix="tif")).take("x")
    assert x.shape == (2, 3, 8, 6)
    np.testing.assert_allclose(x[0, :, 0, 0], [10, 20, 30], atol=2)


def test_a_palette_of_grays_is_gray(tmp_path: Path) -> None:
    picture = Image.fromarray(GRAY).convert("P")
    assert open_contents(put(tmp_path / "p", picture, picture)).take("x").shape == (2, 1, 8, 6)


def test_a_camera_that_lay_on_its_side_is_set_up(tmp_path: Path) -> None:
    picture = Image.fromarray(GRAY)
    picture.getexif()[0x0112] = 6
    folder = tmp_path / "p"
    for label in "ab":
        (folder / label).mkdir(parents=True)
        picture.save(folder / label / "1.jpg", exif=picture.getexif())
    assert open_contents(folder).take("x").shape == (2, 1, 6, 8)


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    picture = Image.new("L", (2048, 1024), 7)
    contents = open_contents(put(tmp_path / "p", picture, picture))
    assert contents.take("x").shape == (2, 1, 256, 512)
    assert "pictures of 2048 x 1024 are resized to 512 x 256" in contents.notes[0]


def test_new_pictures_are_fitted_to_a_task(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    contents = open_contents(put(tmp_path / "p", Image.fromarray(COLOUR), Image.fromarray(COLOUR)))
    assert contents.fitted((1, 16, 12)).take("x").shape == (2, 1, 16, 12)
    assert contents.fitted((3, 4, 4)).take("x").shape == (2, 3, 4, 4)
    np.testing.assert_array_equal(contents.fitted((3, 4, 4)).take("y"), ["a", "b"])
    with refuses("conflict"):
        contents.fitted((1, 64)).take("x")


def test_new_sequences_are_fitted_to_a_task(tmp_path: Path) -> None:
    (tmp_path / "a.fa").write_text(">s1 p\nACGTA\n>s2 q\nAC\n")
    contents = open_contents(tmp_path / "a.fa")
    assert contents.take("x").shape == (2, 4, 5)
    longer = contents.fitted((4, 7)).take("x")
    np.testing.assert_array_equal(longer[..., :5], contents.take("x"))
    assert not longer[..., 5:].any()
    np.testing.assert_array_equal(contents.fitted((4, 3)).take("x"), longer[..., :3])
