"""Text cut into passages of prose."""

import re
from collections.abc import Iterable, Iterator

LEAST_WORDS, WORDS = 64, 96  # of a passage
MOST = 200  # passages of a class


def prose(text: str, seen: set[str]) -> Iterator[str]:
    """The paragraphs that are sentences, each once; code, tables, grammar and headings are passed over.

    Args:
        text: paragraphs, blank lines apart; words, blanks apart.
        seen: paragraphs that were there before; grows.
    """
    for block in re.split(r"\n\s*\n", text):
        paragraph = " ".join(block.split())
        letters = sum(c.isalpha() or c == " " for c in paragraph)
        is_code = ">>>" in paragraph or "::=" in paragraph or letters < 0.85 * len(paragraph)
        if len(paragraph.split()) >= 5 and not is_code and paragraph not in seen:
            seen.add(paragraph)
            yield paragraph


def cut(paragraphs: Iterable[str]) -> list[str]:
    """Passages of one document, `WORDS` words each; the last may be shorter, but not below `LEAST_WORDS`."""
    words = " ".join(paragraphs).split()
    pieces = (words[start : start + WORDS] for start in range(0, len(words), WORDS))
    return [" ".join(piece) for piece in pieces if len(piece) >= LEAST_WORDS]


def spread(passages: list[str]) -> list[str]:
    """At most `MOST` of them, evenly spread over all there are."""
    if len(passages) <= MOST:
        return passages
    return [passages[i * len(passages) // MOST] for i in range(MOST)]
