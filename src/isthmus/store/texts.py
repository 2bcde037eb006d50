"""Texts among the arrays of a data set: their bytes one after the other, and where each text ends."""

from collections.abc import Iterable

import numpy as np

from isthmus.errors import InputError
from isthmus.store.arrays import Array
from isthmus.store.store import Store
from isthmus.store.writer import Writer

MAX_BYTES = 2**40


def text_arrays(name: str, rows: int | None = None) -> dict[str, Array]:
    """Return the two arrays of texts, of which there are `rows` in the published data."""
    return {
        name: Array((), "uint8", 0, 255),
        f"{name}_end": Array((), "int64", 0, MAX_BYTES, rows),
    }


def add_texts(writer: Writer, name: str, texts: Iterable[str]) -> None:
    """Write all texts of that name."""
    encoded = [text.encode() for text in texts]
    writer.add(name, np.frombuffer(b"".join(encoded), np.uint8))
    writer.add(f"{name}_end", np.cumsum([len(part) for part in encoded], dtype=np.int64))


def read_texts(store: Store, name: str) -> list[str]:
    """Read the texts of that name into memory.

    Raises:
        InputError: If the arrays do not fit together.
    """
    content, ends = store[name].tobytes(), store[f"{name}_end"].tolist()
    starts = [0, *ends[:-1]]
    if starts != sorted(starts) or ends[-1] != len(content):
        raise InputError(
            f"'{store.folder}' is damaged: the {name} do not end where they should",
            kind="file",
            key=store.folder,
        )
    try:
        return [content[start:end].decode() for start, end in zip(starts, ends, strict=True)]
    except UnicodeDecodeError:
        raise InputError(
            f"'{store.folder}' is damaged: the {name} are no text", kind="file", key=store.folder
        ) from None


def noise_texts(rng: np.random.Generator, count: int) -> list[str]:
    """Draw texts of random letters, eight words each."""
    letters = rng.integers(ord("a"), ord("z"), (count, 8, 5), np.uint8, endpoint=True)
    return [" ".join(word.tobytes().decode() for word in words) for words in letters]
