import ast
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from isthmus.sources import Source, load_source, sources, stdlib_text


@pytest.fixture(scope="module")
def source() -> Source:
    return load_source("stdlib-text", "text")


@pytest.fixture
def stdlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for a standard library."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: {"stdlib": str(tmp_path)}[name])
    return tmp_path


def texts(source: Source) -> list[str]:
    assert isinstance(source.x, list)
    return source.x


def sentence(count: int, word: str = "word") -> str:
    """`count` words of prose."""
    return " ".join(["Here", *[word] * (count - 1)])


def test_it_is_listed_as_text() -> None:
    assert sources["stdlib-text"].modality == "text"


def test_sizes(source: Source) -> None:
    assert (source.name, source.modality) == ("stdlib-text", "text")
    assert len(source.x) == len(source.y) >= 1000
    lengths = {len(passage.split()) for passage in texts(source)}
    assert min(lengths) >= 64
    assert max(lengths) <= 100


def test_labels(source: Source) -> None:
    assert source.y.dtype == np.int64
    counts = np.bincount(source.y, minlength=len(source.classes))
    assert 8 <= len(source.classes) == len(counts) <= 12
    assert set(source.classes) <= {*stdlib_text.MODULES, "licence"}
    assert counts.min() > 0
    assert counts.max() <= 200
    assert np.sort(counts)[1:].min() >= 80  # all but the licence


def test_no_passage_comes_twice(source: Source) -> None:
    assert len(set(texts(source))) == len(source)


def test_it_is_prose(source: Source) -> None:
    text = " ".join(texts(source))
    assert ">>>" not in text
    assert "::=" not in text
    assert sum(c.isalpha() or c == " " for c in text) > 0.9 * len(text)


def test_the_same_each_time_whatever_the_seed(source: Source) -> None:
    again = load_source("stdlib-text", "text", seed=1)
    assert again.x == source.x
    assert np.array_equal(again.y, source.y)
    assert again.classes == source.classes


@pytest.mark.parametrize(
    ("held_out", "least"),
    [
        (lambda place: np.arange(len(place)) % 3 == 0, 0.6),  # of modules that were learnt from
        (lambda place: place >= 2 / 3, 0.3),  # of other modules on the same topics
    ],
)
def test_topics_can_be_told_from_words(
    source: Source, held_out: Callable[[np.ndarray], np.ndarray], least: float
) -> None:
    """Far more often than by chance, which is one in ten."""
    counts = np.bincount(source.y)
    tell = held_out(np.concatenate([np.linspace(0, 1, n, endpoint=False) for n in counts]))
    assert np.bincount(source.y[tell]).max() / tell.sum() < 0.15
    bags = CountVectorizer(stop_words="english").fit_transform(source.x)
    classifier = MultinomialNB().fit(bags[~tell], source.y[~tell])
    assert classifier.score(bags[tell], source.y[tell]) > least


def test_no_module_is_under_two_topics() -> None:
    names = " ".join(stdlib_text.MODULES.values()).split()
    assert len(names) == len(set(names))
    pages = " ".join(stdlib_text.PAGES.values()).split()
    assert len(pages) == len(set(pages))
    assert set(stdlib_text.PAGES) <= set(stdlib_text.MODULES)


def test_nothing_is_imported(stdlib: Path) -> None:
    (stdlib / "random.py").write_text(f'"""{sentence(70)}"""\nraise SystemExit("imported")\n')
    assert load_source("stdlib-text", "text").x == [sentence(70)]


def test_docstrings_at_every_level_and_pages_and_licence(stdlib: Path) -> None:
    code = f'''"""{sentence(64, "module")}"""
class Thing:
    """{sentence(64, "thing")}"""
    async def work(self):
        """{sentence(64, "work")}"""
'''
    (stdlib / "threading.py").write_text(code)
    (stdlib / "email").mkdir()
    (stdlib / "email" / "parser.py").write_text(f'"""{sentence(70, "letter")}"""')
    (stdlib / "email" / "tests").mkdir()
    (stdlib / "email" / "tests" / "test_parser.py").write_text(f'"""{sentence(70, "test")}"""')
    (stdlib / "pydoc_data").mkdir()
    (stdlib / "pydoc_data" / "topics.py").write_text(f"topics = {{'assert': {sentence(80, 'page')!r}}}")
    (stdlib / "LICENSE.txt").write_text(sentence(90, "permission"))
    source = load_source("stdlib-text", "text")
    assert source.classes == ("documents", "concurrency", "testing", "licence")
    words = f"{sentence(64, 'module')} {sentence(64, 'thing')} {sentence(64, 'work')}".split()
    expected = {
        (0, sentence(70, "letter")),
        (1, " ".join(words[:96])),
        (1, " ".join(words[96:])),
        (2, sentence(80, "page")),
        (3, sentence(90, "permission")),
    }
    assert set(zip(source.y.tolist(), texts(source), strict=True)) == expected


def test_code_and_repetition_are_passed_over(stdlib: Path) -> None:
    blocks = [sentence(70), ">>> " + sentence(70), "1 + 2 = 3, 4 * 5 / 6 " * 20, "Too short.", sentence(70)]
    (stdlib / "random.py").write_text(repr("\n\n".join(blocks)))
    (stdlib / "fractions.py").write_text(repr(sentence(70)))
    assert load_source("stdlib-text", "text").x == [sentence(70)]


def test_damaged_files_are_passed_over(stdlib: Path) -> None:
    (stdlib / "random.py").write_text(f'"""{sentence(70)}"""')
    (stdlib / "fractions.py").write_text("def (")
    (stdlib / "decimal.py").write_bytes(b"# coding: nonsense\n")
    (stdlib / "bisect.py").write_bytes(b'"""\xff\xfe"""')
    (stdlib / "heapq.py").mkdir()
    (stdlib / "pydoc_data").mkdir()
    (stdlib / "pydoc_data" / "topics.py").write_text("topics = None")
    assert load_source("stdlib-text", "text").x == [sentence(70)]


def test_a_topic_is_cut_down_evenly(stdlib: Path) -> None:
    passages = [sentence(96, f"word{chr(97 + i // 26)}{chr(97 + i % 26)}") for i in range(400)]
    (stdlib / "random.py").write_text(repr("\n\n".join(passages)))
    kept = load_source("stdlib-text", "text").x
    assert len(kept) == 200
    assert kept == passages[::2]


@pytest.mark.parametrize("place", ["", "nowhere", "python311.zip"])
def test_a_python_without_sources(
    stdlib: Path, monkeypatch: pytest.MonkeyPatch, place: str, refuses: Callable[..., Any]
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(stdlib / place))
    with refuses("file", stdlib / place):
        load_source("stdlib-text", "text")


def test_images_are_no_text(refuses: Callable[..., Any]) -> None:
    with refuses("conflict", "source"):
        load_source("stdlib-text", "image")


def test_the_table_names_what_there_is() -> None:
    """A misspelt name would be passed over in silence: nearly all of them exist in this Python."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    names = " ".join(stdlib_text.MODULES.values()).split()
    missing = [n for n in names if not (stdlib / n).exists() and not (stdlib / f"{n}.py").exists()]
    tree = ast.parse((stdlib / "pydoc_data" / "topics.py").read_text(encoding="utf-8"))
    (pages,) = (ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    wanted = " ".join(stdlib_text.PAGES.values()).split()
    assert len(missing) < 0.25 * len(names)
    assert sum(page in pages for page in wanted) > 0.9 * len(wanted)
