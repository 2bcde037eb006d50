"""References become BibTeX that a parser reads, with the authors, title, year and place that they say."""

import re

import pytest
from pybtex.database import parse_string

from isthmus.backbones import families, named
from isthmus.bibliography import as_bibtex, parse_reference
from isthmus.methods import methods
from isthmus.reports.citation import LIBRARIES
from isthmus.sources import sources
from isthmus.tasks import tasks


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        (
            "H. Zhang, Y. N. Dauphin (2018), mixup: beyond, or within, ICLR",
            "inproceedings",
            {
                "title": "mixup: beyond, or within",
                "booktitle": "ICLR",
                "author": "Zhang, H. and Dauphin, Y. N.",
            },
        ),
        (
            "E. Fonseca et al. (2022), FSD50K: sounds, IEEE/ACM TASLP 30",
            "article",
            {"journal": "IEEE/ACM TASLP", "volume": "30", "author": "Fonseca, E. and others"},
        ),
        (
            "E. F. Tjong Kim Sang and F. De Meulder (2003), Names, CoNLL",
            "inproceedings",
            {"author": "Tjong Kim Sang, E. F. and De Meulder, F."},
        ),
        (
            "A. B (2018), The archive, arXiv:1811.00075",
            "misc",
            {"eprint": "1811.00075", "archiveprefix": "arXiv"},
        ),
        (
            "A. B (1998), Digits, UCI (doi:10.24432/C50P49)",
            "misc",
            {"howpublished": "UCI", "doi": "10.24432/C50P49"},
        ),
        ("A. Krizhevsky (2009), Learning features", "misc", {"title": "Learning features", "year": "2009"}),
        ("the isthmus developers (2026), isthmus", "misc", {"author": "{the isthmus developers}"}),
        ("example.org", "misc", {"title": "example.org", "url": "example.org"}),
        ("nothing of the kind", "misc", {"title": "nothing of the kind"}),
    ],
)
def test_what_a_reference_says(text: str, kind: str, fields: dict[str, str]) -> None:
    reference = parse_reference(text)
    assert reference.kind == kind
    assert {name: reference.fields[name] for name in fields} == fields


def all_references() -> list[str]:
    texts = [text for name in methods for text in methods[name].references]
    texts += [text for name in families for text in families[name].references]
    texts += [text for name in named for text in named[name].references]
    texts += [text for entries in (tasks, sources) for entry in entries.values() for text in entry.references]
    return [*texts, *LIBRARIES.values()]


def test_every_reference_is_read_by_a_bibtex_parser() -> None:
    texts = sorted({part for text in all_references() for part in text.split("; ")})
    entries = parse_string(as_bibtex(("test", text) for text in texts), "bibtex").entries
    assert len(entries) == len(texts)
    by_title = {re.sub(r"[{}\\]", "", entry.fields["title"]): entry for entry in entries.values()}
    for text in texts:
        reference = parse_reference(text)
        entry = by_title[reference.fields["title"]]
        people = [person for person in entry.persons.get("author", []) if str(person) != "others"]
        if "(" in text:
            assert people, text
            assert all(person.last_names for person in people), text
            assert f"({entry.fields['year']})" in text
            first = re.sub(r"[{}]", "", " ".join(people[0].prelast_names + people[0].last_names))
            assert first in text.partition("(")[0]


def test_every_published_method_and_family_has_a_reference() -> None:
    own = {"nft", "scratch", "linear-probe", "probe", "value-only", "expert"}
    assert {name for name in methods if not methods[name].references} == own
    assert [name for name in families if not families[name].references] == []


def test_a_work_that_is_used_twice_is_one_entry() -> None:
    work = "A. Author (2020), A title, ICML"
    text = as_bibtex([("method a", work), ("task b", work), ("method a", work)])
    assert text.startswith("% method a, task b\n@inproceedings{author2020title,\n")
    assert text.count("@") == 1


def test_works_with_the_same_author_year_and_word_have_keys_of_their_own() -> None:
    text = as_bibtex([("a", "A. B (2020), Title one, ICML"), ("a", "A. B (2020), Title two, ICML")])
    assert [*parse_string(text, "bibtex").entries] == ["b2020title", "b2020titleb"]


def test_signs_of_latex_are_escaped() -> None:
    assert (
        "title = {50 \\% \\& a \\_ of {LaTeX}},"
        in parse_reference("A. B (2020), 50 % & a _ of LaTeX, ICML").bibtex()
    )
