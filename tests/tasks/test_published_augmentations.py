"""Augmentations of training batches."""

import torch

from isthmus.tasks.published_augmentations import crop_and_flip, mask_spectrogram


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_crop_is_a_shift_of_the_picture_or_of_its_mirror_image() -> None:
    x = torch.rand(600, 2, 5, 6, generator=generator())
    y = torch.arange(600)
    changed, same = crop_and_flip(2, (0.5, -1.0))(x, y, generator(1))
    assert same is y
    padded = torch.stack([torch.full((600, 9, 10), 0.5), torch.full((600, 9, 10), -1.0)], 1)
    padded[:, :, 2:7, 2:8] = x
    seen = set()
    for before, after in zip(padded, changed, strict=True):
        cuts = {
            (row, column, mirrored): cut.flip(2) if mirrored else cut
            for row in range(5)
            for column in range(5)
            for cut in (before[:, row : row + 5, column : column + 6],)
            for mirrored in (False, True)
        }
        found = [where for where, cut in cuts.items() if torch.equal(after, cut)]
        assert len(found) == 1
        seen.add(found[0])
    assert len(seen) == 50


def test_masks_hide_bands_and_frames_with_the_least_value() -> None:
    x = torch.rand(300, 1, 40, 50, generator=generator())
    masked = mask_spectrogram(x, generator(1))
    assert 0.4 < (masked != x).flatten(1).any(1).float().mean() < 0.6  # but for masks of no width, half
    hidden = (masked == x.amin((1, 2, 3), keepdim=True))[:, 0]
    assert torch.equal(masked[:, 0][~hidden], x[:, 0][~hidden])
    bands, frames = hidden.all(2), hidden.all(1)
    assert 0.15 * 40 < bands.sum(1).max() <= 2 * 0.15 * 40
    assert 0.20 * 50 < frames.sum(1).max() <= 2 * 0.20 * 50
    elsewhere = hidden & ~bands[:, :, None] & ~frames[:, None, :]
    assert elsewhere.flatten(1).sum(1).max() <= 1  # the least value itself


def test_the_generator_makes_the_draws() -> None:
    x, y = torch.rand(8, 1, 6, 6, generator=generator()), torch.zeros(8)
    augment = crop_and_flip(2, (0.0,))
    assert torch.equal(augment(x, y, generator(3))[0], augment(x, y, generator(3))[0])
    assert not torch.equal(augment(x, y, generator(3))[0], augment(x, y, generator(4))[0])
    assert torch.equal(mask_spectrogram(x, generator(3)), mask_spectrogram(x, generator(3)))
