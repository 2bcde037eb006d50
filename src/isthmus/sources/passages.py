"""Text cut into passages of prose."""

import re
from collections.abc import Iterable, Iterator

MIN_WORDS, WORDS = 64, 96  # of a passage
MAX_PASSAGES = 200  # of a class


def paragraphs_of_prose(text: str, seen: set[str]) -> Iterator[str]:
    """Yield the paragraphs that consist of sentences, each once; skip code, tables, grammar and headings.

    Args:
        text: Paragraphs, separated by blank lines, of words, separated by whitespace.
        seen: Paragraphs that were yielded before; grows.
    """
    for block in re.split(r"\n\s*\n", text):
        paragraph = " ".join(block.split())
        letters = sum(c.isalpha() or c == " " for c in paragraph)
        is_code = ">>>" in paragraph or "::=" in paragraph or letters < 0.85 * len(paragraph)
        if len(paragraph.split()) >= 5 and not is_code and paragraph not in seen:
            seen.add(paragraph)
            yield paragraph


def cut_passages(paragraphs: Iterable[str]) -> list[str]:
    """Cut one document into passages of `WORDS` words; the last may have fewer, but at least `MIN_WORDS`."""
    words = " ".join(paragraphs).split()
    pieces = (words[start : start + WORDS] for start in range(0, len(words), WORDS))
    return [" ".join(piece) for piece in pieces if len(piece) >= MIN_WORDS]


def evenly_spaced(passages: list[str]) -> list[str]:
    """Return at most `MAX_PASSAGES` passages, evenly spaced over all of them."""
    if len(passages) <= MAX_PASSAGES:
        return passages
    return [passages[i * len(passages) // MAX_PASSAGES] for i in range(MAX_PASSAGES)]
