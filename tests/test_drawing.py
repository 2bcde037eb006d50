"""Series and point clouds as pictures."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.drawing import draw_points, draw_series


def test_a_ramp_is_the_diagonal() -> None:
    ramp = torch.linspace(0, 1, 9)
    ink = draw_series(ramp, 9, 9)
    assert (ink.flip(0).diagonal() == 1).all()
    assert ink.sum().item() == pytest.approx(17)  # a column reaches to the next one's row; the last has none


@given(st.integers(2, 12), st.integers(2, 12), st.integers(0, 99))
def test_every_column_is_inked_where_the_series_is(rows: int, columns: int, seed: int) -> None:
    series = torch.rand(3, columns, generator=torch.Generator().manual_seed(seed))
    ink = draw_series(series, rows, columns)
    assert ink.shape == (3, rows, columns)
    assert ((ink >= 0) & (ink <= 1)).all()
    nearest = ((1 - series) * (rows - 1)).round().long().clamp(0, rows - 1)
    assert (ink.gather(1, nearest[:, None]) >= 0.5).all()


def test_values_outside_run_along_the_edge() -> None:
    ink = draw_series(torch.tensor([-5.0, -5.0, -5.0]), 4, 3)
    assert ink[3].tolist() == [1, 1, 1]
    assert ink[:3].sum() == 0


def columns_of(length: int, columns: int) -> list[slice]:
    """Return the points that fall into each column."""
    return [slice(i * length // columns, -(-(i + 1) * length // columns)) for i in range(columns)]


@given(st.integers(2, 12), st.integers(1, 9), st.integers(0, 99))
def test_a_long_series_is_drawn_as_its_envelope(rows: int, columns: int, seed: int) -> None:
    length = 4 * columns + 1 + seed
    series = torch.rand(length, generator=torch.Generator().manual_seed(seed))
    ink = draw_series(series, rows, columns)
    for column, points in enumerate(columns_of(length, columns)):
        nearest = ((1 - series[points]) * (rows - 1)).round().long()
        assert (ink[nearest.min() : nearest.max() + 1, column] >= 0.5).all()


def test_an_envelope_covers_nothing_else() -> None:
    low, high = torch.tensor([0.2, 0.2, 0.4]), torch.tensor([0.6, 0.8, 1.0])
    series = torch.stack([low, high], 1).repeat(1, 5).flatten()  # 10 points to a column
    ink = draw_series(series, 11, 3)
    row = torch.arange(11.0)[:, None]
    expected = (row > 9.99 - 10 * high) & (row < 10.01 - 10 * low)
    torch.testing.assert_close(ink, expected.float())


def test_an_envelope_stays_connected() -> None:
    ink = draw_series(torch.tensor([0.0, 1.0]).repeat_interleave(10), 5, 2)
    assert ink.tolist() == [[1, 1], [1, 0], [1, 0], [1, 0], [1, 0]]


@given(st.integers(2, 9), st.integers(0, 30))
def test_up_to_four_points_to_a_column_a_series_is_resampled(columns: int, more: int) -> None:
    length = min(columns + more, 4 * columns)
    series = torch.rand(length, generator=torch.Generator().manual_seed(more))
    places = torch.linspace(0, length - 1, columns)
    sampled = torch.lerp(series[places.floor().long()], series[places.ceil().long()], places.frac())
    torch.testing.assert_close(
        draw_series(series, 8, columns), draw_series(sampled, 8, columns), atol=1e-4, rtol=0
    )


@given(st.integers(1, 30), st.integers(0, 99))
def test_points_inside_keep_their_weight(points: int, seed: int) -> None:
    x, y = torch.rand(2, 2, points, generator=torch.Generator().manual_seed(seed))
    picture = draw_points(x, y, 8)
    assert picture.sum(dim=(1, 2)).tolist() == pytest.approx([points, points], rel=1e-4)
    centre = (picture.sum(1) * torch.arange(8)).sum(1) / points / 7
    torch.testing.assert_close(centre, x.mean(1), atol=1e-4, rtol=0)


def test_points_outside_are_left_out() -> None:
    assert draw_points(
        torch.tensor([[-1.0, 0.5, 2.0]]), torch.tensor([[0.5, 0.5, 0.5]]), 5
    ).sum() == pytest.approx(1)
