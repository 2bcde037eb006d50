"""References as one line of text, and as BibTeX."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import ascii_lowercase

FORM = re.compile(r"(?P<authors>.+?) \((?P<year>\d{4})\), (?P<rest>.+)")
DOI = re.compile(r"[ ,(]*doi:(?P<doi>[^\s),]+)\)?")
ARXIV = re.compile(r", arXiv:(?P<eprint>[\d.]+)")
ADDRESS = re.compile(r",? ?(?P<url>https?://\S+|[\w.-]+\.(?:com|org)\b\S*)")
VOLUME = re.compile(r"(?P<journal>\S.*?) (?P<volume>\d+)")
PROCEEDINGS = re.compile(r"\S*[A-Z]\S*[A-Z]\S*")
"""Short name of a conference"""


@dataclass(frozen=True)
class Reference:
    """A work that is cited.

    Attributes:
        kind: Type of the BibTeX entry.
        fields: Its fields, by name.
    """

    kind: str
    fields: Mapping[str, str]

    @property
    def key(self) -> str:
        """Name of the entry: first author, year, first word of the title."""
        surname = self.fields.get("author", "").split(" and ")[0].split(",")[0]
        word = next((w for w in re.findall(r"[\w-]+", self.fields["title"]) if len(w) > 3), "")
        plain = unicodedata.normalize("NFKD", f"{surname}{self.fields.get('year', '')}{word}")
        return re.sub(r"[^a-z0-9]", "", plain.lower())

    def bibtex(self, suffix: str = "") -> str:
        """Return the BibTeX entry, under its key and a suffix."""
        lines = [f"  {name} = {{{_escaped(name, value)}}}," for name, value in self.fields.items()]
        return "\n".join([f"@{self.kind}{{{self.key}{suffix},", *lines, "}"])


def parse_reference(text: str) -> Reference:
    """Read a reference of the form "A. Author, B. Author et al. (2024), Title, Where 12".

    What is not of this form becomes a title. Where it appeared is a journal if a volume follows, else a
    conference if it is a short name such as ICML.
    """
    found: dict[str, str] = {}
    for pattern in (DOI, ARXIV, ADDRESS):
        match = pattern.search(text)
        if match:
            found |= {name: value.rstrip(".") for name, value in match.groupdict().items()}
            text = text.replace(match[0], "", 1) or match[0]
    match = FORM.fullmatch(text)
    if not match:
        return Reference("misc", {"title": text, **found})
    title, _, where = match["rest"].rpartition(", ")
    if not title or where[:1].islower():
        title, where = match["rest"], ""
    fields = {"author": _authors(match["authors"]), "title": title, "year": match["year"]}
    journal = VOLUME.fullmatch(where)
    if journal:
        return Reference("article", fields | journal.groupdict() | found)
    if PROCEEDINGS.fullmatch(where) and "doi" not in found:
        return Reference("inproceedings", fields | {"booktitle": where} | found)
    if "eprint" in found:
        found["archiveprefix"] = "arXiv"
    return Reference("misc", fields | ({"howpublished": where} if where else {}) | found)


def as_bibtex(cited: Iterable[tuple[str, str]]) -> str:
    """Return BibTeX entries, each once, under comments that say what they are cited for.

    Args:
        cited: What is cited for, and the reference as a line of text; several are separated by "; ".
    """
    purposes: dict[str, list[str]] = {}
    for purpose, texts in cited:
        for text in texts.split("; "):
            purposes.setdefault(text, []).append(purpose)
    keys: Counter[str] = Counter()
    entries = []
    for text, found in purposes.items():
        reference = parse_reference(text)
        suffix = ("", *ascii_lowercase[1:])[keys[reference.key]]
        keys[reference.key] += 1
        entries.append(f"% {', '.join(dict.fromkeys(found))}\n{reference.bibtex(suffix)}\n")
    return "\n".join(entries)


def _authors(text: str) -> str:
    """Return authors as BibTeX has them: "Surname, I. and Surname, J. and others"."""
    names = re.split(r", | and ", re.sub(r",? et al\.$", ", others", text))
    return " and ".join(_surname_first(name) for name in names)


def _surname_first(name: str) -> str:
    """Return a name with its initials last; one without initials, or of a group, in braces."""
    match = re.fullmatch(r"((?:[A-Z]\w*\.[ -]?)+) ?(.+)", name)
    if match:
        return f"{match[2]}, {match[1].strip()}"
    return name if name == "others" else f"{{{name}}}"


def _escaped(name: str, text: str) -> str:
    """Return a text in which LaTeX takes no character for a command; capitals of a title are kept."""
    if name in ("doi", "url", "eprint"):
        return text
    special = re.sub(r"([&%#_$])", r"\\\1", text)
    return re.sub(r"(\w*[A-Z]\w*[A-Z]\w*)", r"{\1}", special) if name == "title" else special
