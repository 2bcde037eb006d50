"""Series and point clouds drawn as grey pictures, whole batches at a time."""

import torch
from torch import Tensor
from torch.nn import functional as F

DENSE = 4
"""Points to a column above which a line is drawn as the range of its values"""


def draw_series(
    values: Tensor, rows: int, columns: int, thickness: float = 1.0, most_points: int | None = None
) -> Tensor:
    """Draw line pictures of series: ink 1 on ground 0, with soft edges.

    In every column the line covers the values from this sample to the next, so that steep stretches stay
    connected. A series of up to `most_points` points is resampled to one sample for each column. Of a longer
    one the line shows the envelope: in every column it covers all values, minimum to maximum, of the points
    that fall into it. A value of 0 is the bottom row, 1 the top row; for values outside, the line runs along
    the edge.

    Args:
        values: Series [..., L], scaled to [0, 1].
        rows: Rows of the picture.
        columns: Columns of the picture.
        thickness: Thickness of the line, in pixels.
        most_points: Points of a series that are resampled to the columns; None for `DENSE` to a column.

    Returns:
        Pictures [..., rows, columns] in [0, 1].
    """
    lead, length = values.shape[:-1], values.shape[-1]
    series = values.reshape(-1, 1, length)
    if length > (DENSE * columns if most_points is None else most_points):
        highest, lowest = F.adaptive_max_pool1d(series, columns), -F.adaptive_max_pool1d(-series, columns)
    else:
        if length != columns:
            series = F.interpolate(series, columns, mode="linear", align_corners=True)
        highest = lowest = series
    top, bottom = _pixel_row(highest[:, 0], rows), _pixel_row(lowest[:, 0], rows)
    upper, lower = torch.minimum(top, _next_column(bottom)), torch.maximum(bottom, _next_column(top))
    row = torch.arange(rows, device=values.device, dtype=values.dtype)[:, None]
    distance = torch.relu(upper[:, None] - row) + torch.relu(row - lower[:, None])
    ink = (0.5 * thickness + 0.5 - distance).clamp(0, 1)
    return ink.reshape(*lead, rows, columns)


def _pixel_row(values: Tensor, rows: int) -> Tensor:
    """Return the pixel row of values in [0, 1], counted from the top."""
    return (1 - values.clamp(0, 1)) * (rows - 1)


def _next_column(x: Tensor) -> Tensor:
    """Return what [N, columns] holds in the next column; the last has itself as its next."""
    return torch.cat([x[:, 1:], x[:, -1:]], dim=1)


def draw_points(x: Tensor, y: Tensor, size: int) -> Tensor:
    """Draw point clouds: count the points that fall on each pixel, shared with its neighbours (bilinear).

    Args:
        x: Horizontal positions [B, P] in [0, 1]; points outside are left out.
        y: Vertical positions [B, P], in the same way.
        size: Rows and columns of the picture.

    Returns:
        Counts [B, size, size].
    """
    picture = torch.zeros(x.shape[0], size * size, dtype=x.dtype)
    column, row = x * (size - 1), y * (size - 1)
    left, top = column.floor(), row.floor()
    for right_of, below in ((0, 0), (0, 1), (1, 0), (1, 1)):
        c, r = left + right_of, top + below
        share = (1 - (column - c).abs()) * (1 - (row - r).abs())
        inside = (c >= 0) & (c < size) & (r >= 0) & (r < size)
        place = torch.where(inside, r * size + c, torch.zeros_like(c)).long()
        picture.scatter_add_(1, place, share * inside)
    return picture.view(-1, size, size)
