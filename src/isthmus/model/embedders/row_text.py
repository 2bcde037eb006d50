"""Tokens of a row of a table, written out as text: "alcohol is 13.2, hue is 1.05"."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.backbones import Backbone
from isthmus.backbones.bert import BertBackbone, split_texts, token_ids
from isthmus.errors import InputError
from isthmus.model.embedders.embedder import Embedder
from isthmus.model.embedders.patch import PositionsAndNorm
from isthmus.model.embedders.registry import embedders
from isthmus.tasks import Task

IN_NUMBERS = set("0123456789.-+e")
MARKS = "#\u0120\u2581 "
"""What tokenizers put before a token that goes on with a word, or begins one"""
MOST_ROWS = 1000
"""Training rows whose length is looked at"""
PLAIN = (1e-4, 1e7)
"""Numbers that are written without a power of ten"""


@embedders.register("row-text")
class RowTextEmbedder(Embedder):
    """Write each row of a table as text, in the units of the data, and embed it as the backbone embeds texts.

    A row of more tokens than `tokens` ends early, one of fewer starts again. Vectors of the words that such
    texts have, positions and norm are copies of the backbone's that learn. No gradient reaches the numbers.

    Args:
        backbone: Text backbone with a tokenizer.
        input_shape: Shape (1, L) of a row.
        columns: Names of the L columns; None for those of the data.
        digits: Number of digits that a number is written with.
        tokens: Number of tokens of a row; None for as many as the longest of the training rows has.

    Raises:
        InputError: If the backbone cannot read texts, a name is missing, or rows are too long.
    """

    reads_units: ClassVar[bool] = True
    row_of: Tensor

    def __init__(
        self,
        backbone: Backbone,
        input_shape: tuple[int, ...],
        *,
        columns: tuple[str, ...] | None = None,
        digits: int = 4,
        tokens: int | None = None,
    ) -> None:
        super().__init__()
        reader = _reader(backbone)
        self.columns, self.digits = tuple(columns or ()), digits
        if tuple(input_shape) != (1, len(self.columns)):
            raise InputError(
                f"row-text names {len(self.columns)} columns, and samples are {list(input_shape)}",
                kind="conflict",
                key="embedder.columns",
            )
        if not 1 <= digits <= 17:
            raise InputError(f"row-text's digits is {digits}; it is 1 to 17", key="embedder.digits")
        if tokens is None or tokens < 1:
            raise InputError(f"row-text's tokens is {tokens}; it is 1 or more", key="embedder.tokens")
        backbone.check_length(tokens)
        self.tokenizer, self.layout = reader.checked_tokenizer(), (tokens,)
        vectors, used = reader.word_vectors(), self._used_tokens()
        self.words = nn.Parameter(vectors[used].clone())
        row_of = torch.zeros(len(vectors), dtype=torch.int64)
        row_of[used] = torch.arange(len(used))
        self.register_buffer("row_of", row_of, persistent=False)
        self.finish = PositionsAndNorm(backbone.patch_projection(), tokens)

    @classmethod
    def fitted(cls, options: dict[str, Any], backbone: Backbone, task: Task) -> dict[str, Any]:
        """Return the options with the names of the columns, and the length of the longest training row."""
        tokenizer, columns = _reader(backbone).checked_tokenizer(), options["columns"] or task.columns
        if not columns:
            raise InputError(
                f"the embedder 'row-text' needs the name of each column, and '{task.name}' has none;"
                " give embedder.columns, or a table with a header, or use 'patch'",
                kind="missing",
                key="embedder.columns",
            )
        found = {**options, "columns": tuple(columns)}
        if options["tokens"] is not None or task.input_shape != (1, len(columns)):
            return found
        rows = np.linspace(0, len(task.train) - 1, min(len(task.train), MOST_ROWS)).astype(np.int64)
        texts = as_texts(task.train.x[rows][:, 0].tolist(), columns, options["digits"])
        longest = max(map(len, split_texts(tokenizer, texts)))
        if longest > backbone.max_tokens:
            raise InputError(
                f"a row of '{task.name}' is a text of {longest} tokens, and '{backbone.name}' takes"
                f" {backbone.max_tokens}; leave columns out, or give fewer embedder.digits, or use 'patch'",
                kind="conflict",
                key="embedder",
            )
        return {**found, "tokens": longest}

    def forward(self, x: Tensor) -> Tensor:
        """Embed rows [B, 1, L] in the units of the data as tokens [B, N, D]."""
        texts = as_texts(x.detach()[:, 0].tolist(), self.columns, self.digits)
        ids = token_ids(self.tokenizer, texts, *self.layout).to(self.row_of.device)
        tokens: Tensor = self.finish(self.words[self.row_of[ids]])
        return tokens

    def _used_tokens(self) -> Tensor:
        """Return the ids, in order, of every token that a row can have: those of the names and of numbers."""
        names = as_texts([[0.0] * len(self.columns)], self.columns, self.digits)
        used = set(split_texts(self.tokenizer, names)[0])
        tokens = self.tokenizer.convert_ids_to_tokens(list(range(len(self.tokenizer))))
        used |= {number for number, token in enumerate(tokens) if IN_NUMBERS.issuperset(token.strip(MARKS))}
        unknown = self.tokenizer.unk_token_id
        return torch.tensor(sorted(used | ({unknown} if isinstance(unknown, int) else set())))


def as_texts(rows: Iterable[Sequence[float]], columns: Sequence[str], digits: int) -> list[str]:
    """Write rows of numbers as texts: "NAME is NUMBER, NAME is NUMBER".

    Args:
        rows: Numbers [N, L].
        columns: Names of the L columns.
        digits: Number of digits that a number is written with.
    """
    return [
        ", ".join(f"{name} is {_number(value, digits)}" for name, value in zip(columns, row, strict=True))
        for row in rows
    ]


def _number(value: float, digits: int) -> str:
    """Write a number in so many digits, without zeros at its end."""
    if PLAIN[0] <= abs(value) < PLAIN[1]:
        return np.format_float_positional(value, digits, unique=False, fractional=False, trim="-")
    return f"{value + 0.0:.{digits}g}"  # -0 + 0 is 0


def _reader(backbone: Backbone) -> BertBackbone:
    """Return the backbone as one that reads texts; raise InputError if it is none."""
    if not isinstance(backbone, BertBackbone):
        raise InputError(
            f"the embedder 'row-text' needs a backbone that reads texts, such as minilm; '{backbone.name}'"
            f" reads {backbone.modality}s: use 'patch'",
            kind="conflict",
            key="embedder",
        )
    return backbone
