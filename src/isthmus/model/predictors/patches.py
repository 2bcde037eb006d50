"""A field as patches, one for each feature of a grid, and back."""

import math

from torch import Tensor

from isthmus.errors import InputError
from isthmus.model.embedders.embedder import resize
from isthmus.tasks import Output


class Patches:
    """The patches of a field, one for each feature; every feature stands for merged x merged tokens.

    Args:
        layout: Layout of the tokens, (N,) or (rows, columns).
        output: Channels C' and size of the field, of as many dimensions as the layout.
        grid: Rows and columns that the backbone lays the tokens out in; None for text.
        merged: Number of tokens in a row that become one feature.

    Raises:
        InputError: If output and layout differ in dimensions.

    Attributes:
        values: Number Q of values in a patch.
    """

    def __init__(
        self, layout: tuple[int, ...], output: Output, grid: tuple[int, int] | None, merged: int
    ) -> None:
        if len(layout) != len(output.size):
            raise InputError(
                f"an output of size {list(output.size)} has {len(output.size)} dimensions and the tokens have"
                f" {len(layout)}; a field or a mask needs an input of as many, and the embedder 'patch'",
                kind="conflict",
                key="embedder",
            )
        self.grid, self.merged = grid, merged
        self.layout, self.output = layout, output
        self.patch = tuple(math.ceil(s / n) for s, n in zip(output.size, layout, strict=True))
        self.size = tuple(n * p for n, p in zip(layout, self.patch, strict=True))
        self.values = merged**2 * output.channels * math.prod(self.patch)

    def assemble(self, values: Tensor) -> Tensor:
        """Arrange patches [B, L', Q] as a field [B, C', *size]."""
        values = self._split(values)  # [B, N, C' * patch]
        values = values.view(len(values), *self.layout, self.output.channels, *self.patch)
        if len(self.layout) == 1:
            field = values.permute(0, 2, 1, 3).flatten(2)
        else:
            field = values.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
        return resize(field, self.output.size)

    def disassemble(self, field: Tensor) -> Tensor:
        """Cut a field [B, C', *size] into patches [B, L', Q]."""
        field = resize(field, self.size)
        shape = [length for pair in zip(self.layout, self.patch, strict=True) for length in pair]
        field = field.reshape(len(field), self.output.channels, *shape)
        order = (0, 2, 1, 3) if len(self.layout) == 1 else (0, 2, 4, 1, 3, 5)
        values = field.permute(*order).reshape(len(field), math.prod(self.layout), -1)
        return self._merge(values)

    def _split(self, values: Tensor) -> Tensor:
        """Split merged tokens: [B, L', merged^2 * Q'] to [B, N, Q'] in raster order."""
        if self.merged == 1:
            return values
        rows, columns = self._merged_grid()
        values = values.view(len(values), rows, columns, self.merged, self.merged, -1)
        return values.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(1, 3)

    def _merge(self, values: Tensor) -> Tensor:
        """Merge tokens: [B, N, Q'] to [B, L', merged^2 * Q']."""
        if self.merged == 1:
            return values
        rows, columns = self._merged_grid()
        values = values.view(len(values), rows, self.merged, columns, self.merged, -1)
        return values.permute(0, 1, 3, 2, 4, 5).flatten(3).flatten(1, 2)

    def _merged_grid(self) -> tuple[int, int]:
        assert self.grid is not None  # only image backbones merge tokens
        return self.grid[0] // self.merged, self.grid[1] // self.merged
