"""CoNLL-2003: sentences of news, labelled by the first entity that they name.

It is PaRe's source for series (Cai et al., ICML 2024), through the word embeddings of a text backbone. The
published code has eight classes. Here a sentence's class is the tag, in the scheme IOB2, of the last word of
its first entity: B-PER for a person named in one word, I-PER for one named in several words, and likewise for
organisations, places and other entities, which makes eight. Sentences without entities are left out.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.sources.source import Source, stored
from isthmus.store import Array, DataSet, File, Store, Writer, noise
from isthmus.store.texts import add_texts, noise_texts, read_texts, text_arrays

FILE = "eng.train"
KINDS = ("PER", "ORG", "LOC", "MISC")
CLASSES = tuple(f"{place}-{kind}" for kind in KINDS for place in "BI")
TAGS = ("O", *CLASSES)
BETWEEN_DOCUMENTS = "-DOCSTART-"

Sentence = list[tuple[str, str]]
"""Words and their tags."""


def prepare(folder: Path, writer: Writer) -> None:
    """Write the sentences that name something, and their classes.

    Each line has a word, its part of speech, its chunk and its tag; blank lines separate sentences.
    """
    path = folder / FILE
    found = [(words, tag) for words, tag in map(_text_and_class, _sentences(path)) if tag is not None]
    if not found:
        raise InputError(f"'{path}' holds no sentence that names anything", kind="file", key=path)
    add_texts(writer, "x", [words for words, _ in found])
    writer.add("y", np.array([CLASSES.index(tag) for _, tag in found]), str(path))


def open_source(name: str, store: Store) -> Source:
    """Make the source of unchanged sentences, whose words and punctuation marks are separated by blanks."""
    return Source(name, "text", read_texts(store, "x"), store.labels("y"), CLASSES)


def mock(arrays: Mapping[str, Array], writer: Writer, rng: np.random.Generator, samples: int) -> None:
    """Write random letters and labels."""
    add_texts(writer, "x", noise_texts(rng, samples))
    noise({"y": arrays["y"]}, writer, rng, samples)


def _sentences(path: Path) -> Iterator[Sentence]:
    """Yield all sentences of the file."""
    sentence: Sentence = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"'{path}' is no text in UTF-8", kind="file", key=path) from None
    for number, line in enumerate([*lines, ""], 1):
        columns = line.split()
        if not columns or columns[0] == BETWEEN_DOCUMENTS:
            if sentence:
                yield sentence
            sentence = []
        elif len(columns) != 4 or columns[3] not in TAGS:
            raise InputError(
                f"'{path}' holds {line[:60]!r} in line {number}; a word, its part of speech, its chunk and "
                f"one of {', '.join(TAGS)} is right",
                kind="file",
                key=path,
            )
        else:
            sentence.append((columns[0], columns[3]))


def _text_and_class(sentence: Sentence) -> tuple[str, str | None]:
    """Return the text of a sentence and its class, None if it names nothing.

    An entity ends before a word that is outside of any, of another kind, or begins a new one (`B-`, which the
    published file only has between neighbours of one kind, and files in IOB2 at the start of every entity).
    """
    tags = [tag for _, tag in sentence]
    start = next((i for i, tag in enumerate(tags) if tag != "O"), None)
    words = " ".join(word for word, _ in sentence)
    if start is None:
        return words, None
    kind = tags[start][2:]
    several = tags[start + 1 : start + 2] == [f"I-{kind}"]
    return words, f"{'I' if several else 'B'}-{kind}"


stored(
    "conll2003",
    "sentences of news, by what they name first: a person, organisation, place or other, in a word or more",
    "text",
    f"text -> [{len(CLASSES)}], the sentences of 14,041 that name something",
    DataSet(
        modality="text",
        licence="Reuters corpus: for research, on request",
        citation=(
            "E. F. Tjong Kim Sang and F. De Meulder (2003), Introduction to the CoNLL-2003 shared task: "
            "language-independent named entity recognition, CoNLL",
        ),
        files=(File(FILE, "https://www.clips.uantwerpen.be/conll2003/ner/", 3, asked_for=True),),
        arrays={**text_arrays("x"), "y": Array((), "uint8", 0, len(CLASSES) - 1)},
        prepare=prepare,
        mock=mock,
        notes=(
            "licence and size: not checked",
            "the page says how the words, which are Reuters', and the tags become eng.train",
        ),
    ),
    open_source,
)
