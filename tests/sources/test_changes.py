"""Random changes of source pictures, as they are drawn in training."""

import numpy as np
import torch

from isthmus.seeding import torch_generator
from isthmus.sources import Source
from isthmus.sources.changes import _rectangle, crop_and_flip, resized_crop_and_flip
from isthmus.tasks import Split
from isthmus.training.batches import TrainingBatches


def pictures(count: int, size: int = 9) -> torch.Tensor:
    """Pictures in which every value is another, and none is 0."""
    values = 1 + torch.arange(3 * size * size).reshape(3, size, size) % 255
    return values.to(torch.uint8).expand(count, -1, -1, -1)


def test_a_shifted_picture_is_a_part_of_one_with_a_black_border() -> None:
    x = pictures(300)
    padded = torch.nn.functional.pad(x[0], [4] * 4)
    parts = {padded[:, i : i + 9, j : j + 9].numpy().tobytes(): (i, j, 0) for i in range(9) for j in range(9)}
    parts |= {
        padded[:, i : i + 9, j : j + 9].flip(-1).contiguous().numpy().tobytes(): (i, j, 1)
        for i in range(9)
        for j in range(9)
    }
    found = [parts[row.contiguous().numpy().tobytes()] for row in crop_and_flip(x, torch_generator(0))]
    assert {i for i, _, _ in found} == {j for _, j, _ in found} == set(range(9))
    assert 0.4 < np.mean([mirrored for _, _, mirrored in found]) < 0.6


def test_rectangles_lie_in_the_picture_with_the_published_areas_and_ratios() -> None:
    generator = torch_generator(1)
    drawn = np.array([_rectangle(640, 480, generator) for _ in range(2000)])
    top, left, height, width = drawn.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 640).all()
    assert (left + width <= 480).all()
    share, ratio = height * width / (640 * 480), width / height
    assert share.min() > 0.079
    assert 0.4 < share.mean() < 0.54  # of all draws 0.54; the largest do not fit, and are drawn again
    assert 0.74 < ratio.min() < 0.77
    assert 1.25 < ratio.max() < 1.35
    assert _rectangle(1, 200, generator) == (0, 0, 1, 200)  # what never fits is taken whole


def test_a_part_is_resized_and_half_are_mirrored() -> None:
    ramp = torch.arange(64).expand(200, 3, 64, 64).to(torch.uint8) * 4
    changed = resized_crop_and_flip(ramp, torch_generator(2))
    assert (changed.shape, changed.dtype) == ((200, 3, 224, 224), torch.uint8)
    rising = changed[:, 0, 0, -1].int() > changed[:, 0, 0, 0].int()
    assert 0.4 < rising.float().mean() < 0.6


def test_batches_of_a_source_are_changed_and_drawn_from_the_seed_and_the_step() -> None:
    x = np.random.default_rng(0).integers(1, 256, (6, 3, 8, 8), dtype=np.uint8)
    plain = Source("s", "image", x, np.arange(6), tuple("abcdef"))
    source = Source("s", "image", x, np.arange(6), tuple("abcdef"), change=crop_and_flip)
    split = Split(np.zeros((6, 1, 4), np.float32), np.zeros(6, np.int64))
    ours, again, bare = (
        TrainingBatches(split, each, 3, 2, seed=0, epoch=1) for each in (source, source, plain)
    )
    assert torch.equal(ours[0].source_x, again[0].source_x)
    assert torch.equal(ours[0].source_y, bare[0].source_y)  # which are drawn does not depend on the change
    assert not torch.equal(ours[0].source_x, bare[0].source_x)
    np.testing.assert_array_equal(source.take(np.arange(6)), x)  # what is aligned with is unchanged
