"""Text that is no YAML, and JSON files of another form, are refused in one line; nothing else is raised."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from isthmus.config import assign, read_yaml
from isthmus.config.plain_text import checked_json, parse_yaml, read_json
from isthmus.errors import InputError

REFUSED = [  # scalars whose constructors fail in ways of their own, and what nests too deep
    "2020-13-45",
    "2020-02-30 25:61:61",
    "!!timestamp x",
    "!!int x",
    "!!int ''",
    "!!float q",
    "!!bool perhaps",
    "!!binary \udc80",
    "9" * 5000,
    "[" * 5000,
    "{? [a] : b}",
    "=",
    "a\0b",
    "!!python/object/apply:os.system [true]",
]


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_no_constructor_takes_is_no_yaml(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        parse_yaml(text)


@pytest.mark.parametrize("text", REFUSED[:3], ids=range(3))
def test_it_is_refused_wherever_yaml_is_read(text: str, tmp_path: Path, refuses: Callable[..., Any]) -> None:
    with refuses("value", "lr"):
        assign({}, [f"lr={text}"])
    (tmp_path / "a.yaml").write_text(f"lr: {text}\n")
    with refuses("file", tmp_path / "a.yaml"):
        read_yaml(tmp_path / "a.yaml")


@given(st.text(st.characters(blacklist_categories=())))
def test_any_text_is_yaml_or_is_refused(text: str) -> None:
    try:
        parse_yaml(text)
    except yaml.YAMLError:
        return


OTHER = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff{}",
    b'{"number": 1}',
    b'{"number": "x", "names": []}',
    b'{"number": 1, "names": [2]}',
    b'{"number": ' + b"9" * 5000 + b', "names": []}',
    b"[" * 9999,
]


@dataclass
class Form:
    number: int
    names: list[str]


@pytest.mark.parametrize("content", OTHER, ids=range(len(OTHER)))
def test_another_form_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json' is damaged: .*; make it anew$") as error:
        read_json(path, Form, "make it anew")
    assert (error.value.kind, error.value.key) == ("file", str(path))


def test_the_place_of_the_fault_is_told(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    (tmp_path / "a.json").write_text('{"number": 1, "names": ["a", null]}')
    with refuses("file", tmp_path / "a.json"):
        read_json(tmp_path / "a.json", Form)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, refuses: Callable[..., Any]) -> None:
    for path in (tmp_path / "none", tmp_path):
        with refuses("file", path):
            read_json(path, Form)


@given(st.integers(), st.lists(st.text()))
def test_what_has_the_form_is_read(number: int, names: list[str]) -> None:
    assert checked_json(json.dumps({"number": number, "names": names}), Form) == Form(number, names)
