"""Text of files, whatever they are encoded in, also compressed by gzip."""

import gzip
import zlib
from pathlib import Path

from isthmus.store.reading import reading
from isthmus.tasks.custom.limits import check_bytes, check_fits

BLOCK = 2**22
CELL_BYTES = 12
"""Bytes of memory that a byte of a table's text may take, as cells"""


def read_text(path: Path) -> tuple[str, list[str]]:
    """Read the text of a file: UTF-8 or UTF-16 with or without a mark, or else Latin-1.

    Returns:
        The text, and notes on what was assumed.

    Raises:
        InputError: If it cannot be read, or is too large for text.
    """
    content = read_bytes(path)
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if content.startswith(mark):
            try:
                return content.decode(encoding), []
            except UnicodeDecodeError:
                continue
    return content.decode("cp1252", errors="replace"), ["read as latin-1, for it is not UTF-8"]


def read_bytes(path: Path) -> bytes:
    """Read the bytes of a file, uncompressed if its name ends in `.gz`.

    Raises:
        InputError: If it cannot be read, is damaged, or is too large.
    """
    if path.suffix.lower() != ".gz":
        check_fits(path, "text", [path.stat().st_size], CELL_BYTES)
        with reading(path, "text"):
            return path.read_bytes()
    blocks: list[bytes] = []
    with reading(path, "gzip"), gzip.open(path) as stream:
        try:
            while block := stream.read(BLOCK):
                blocks.append(block)
                size = sum(map(len, blocks)) if len(blocks) < 2 else (len(blocks) - 1) * BLOCK + len(block)
                check_bytes(path, "", size, path.stat().st_size)
                check_fits(path, "text", [size], CELL_BYTES)
        except (EOFError, zlib.error) as error:
            raise ValueError(f"it is cut off or damaged: {error}") from None
    return b"".join(blocks)
