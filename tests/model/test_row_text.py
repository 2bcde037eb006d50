"""Rows of a table as text: what is written, and that it is embedded as the backbone embeds it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, BertTokenizer

from isthmus import Run, custom_task, fit
from isthmus.backbones import Backbone, load_backbone, new_backbone
from isthmus.exports import exporters
from isthmus.model import CrossModalNet, NetSpec
from isthmus.model import embedders as registered_embedders
from isthmus.model.embedders.row_text import as_texts
from isthmus.tasks import Task, load_task

embedders: Any = registered_embedders  # each has options and layers of its own

NAMES = ("age", "alpha beta", "hue")
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "age",
    "alpha",
    "beta",
    "hue",
    "is",
    ",",
    ".",
    "-",
    "+",
]
PIECES = [piece for d in "0123456789e" for piece in (d, f"##{d}")]
GIVEN = {"columns": NAMES, "digits": 4, "tokens": 40}
ROWS = np.random.default_rng(0).normal(scale=30, size=(12, 3)).round(2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny text backbone whose tokenizer knows the names and digits."""
    home = tmp_path_factory.mktemp("rows")
    config = BertConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        vocab_size=len(WORDS + PIECES),
        max_position_embeddings=48,
    )
    new_backbone(config, 0).save_pretrained(home / "rows")
    (home / "vocabulary").write_text("\n".join(WORDS + PIECES))
    BertTokenizer(str(home / "vocabulary")).save_pretrained(home / "rows")
    return str(home / "rows")


@pytest.fixture(scope="module")
def backbone(folder: str) -> Backbone:
    return load_backbone(folder)


def make_task(columns: tuple[str, ...] = NAMES) -> Task:
    y = np.arange(12) % 2
    return replace(Task.from_arrays(ROWS, y, ROWS, y, name="table"), columns=columns)


def test_what_is_written() -> None:
    row = [0.0, -1.5, 12345.678, 1e-5, 3.2e9, 0.25, -0.0, 100.0]
    assert as_texts([row], "abcdefgh", 4) == [
        "a is 0, b is -1.5, c is 12350, d is 1e-05, e is 3.2e+09, f is 0.25, g is 0, h is 100"
    ]


@given(st.floats(-1e300, 1e300, allow_subnormal=False), st.integers(1, 17))
def test_a_number_is_read_back_to_its_digits(value: float, digits: int) -> None:
    (text,) = as_texts([[value]], ["a"], digits)
    assert float(text.removeprefix("a is ")) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits), abs=0)


@given(st.lists(st.lists(st.floats(-1e9, 1e9, width=32), min_size=3, max_size=3), min_size=1, max_size=4))
def test_it_starts_as_the_backbone_embeds_the_text(backbone: Backbone, rows: list[list[float]]) -> None:
    embedder = embedders["row-text"](backbone, (1, 3), **GIVEN)
    x = torch.tensor(rows)
    expected = backbone.embed(backbone.prepare(as_texts(x.tolist(), NAMES, 4), 40))
    torch.testing.assert_close(embedder(x[:, None]), expected)


def test_words_positions_and_norm_learn_and_words_of_others_are_left_out(backbone: Backbone) -> None:
    embedder = embedders["row-text"](backbone, (1, 3), **GIVEN)
    embedder(torch.from_numpy(ROWS)[:, None]).square().sum().backward()
    assert all(parameter.grad is not None for parameter in embedder.parameters())
    assert len(embedder.words) == len(WORDS + PIECES) - 4  # without [PAD], [CLS], [SEP] and [MASK]


def test_names_and_length_are_those_of_the_training_rows(backbone: Backbone) -> None:
    task = make_task()
    options = {"columns": None, "digits": 2, "tokens": None}
    found = embedders["row-text"].fitted(options, backbone, task)
    tokenizer: Any = backbone.tokenizer
    lengths = [len(tokenizer.tokenize(text)) for text in as_texts(ROWS.tolist(), NAMES, 2)]
    assert found == {"columns": NAMES, "digits": 2, "tokens": max(lengths)}
    assert task.test is not None
    other = replace(task, test=replace(task.test, x=1e6 * task.test.x))
    assert embedders["row-text"].fitted(options, backbone, other) == found


def test_what_cannot_be_written_is_told(backbone: Backbone, backbones: dict[str, str], refuses: Any) -> None:
    row_text = embedders["row-text"]
    options = {"columns": None, "digits": 4, "tokens": None}
    with refuses("missing", "embedder.columns"):
        row_text.fitted(options, backbone, make_task(()))
    with refuses("conflict", "embedder"):
        row_text.fitted(options, replace_name(load_backbone(backbones["vit"]), "pictures"), make_task())
    with refuses("file", "words"):
        row_text.fitted(options, replace_name(load_backbone(backbones["bert"]), "words"), make_task())
    with refuses("conflict", "embedder"):
        row_text.fitted(options | {"digits": 17}, replace_name(backbone, "words"), make_task())
    with refuses("conflict", "embedder.columns"):
        row_text(backbone, (1, 4), **GIVEN)
    with refuses("value", "embedder.digits"):
        row_text(backbone, (1, 3), **GIVEN | {"digits": 0})
    with refuses("value", "embedder.tokens"):
        row_text(backbone, (1, 3), **GIVEN | {"tokens": 0})
    with refuses("conflict", "embedder.of"):
        embedders["views"](backbone, (1, 3), of=["patch", {"name": "row-text", "columns": NAMES}])


def replace_name(backbone: Backbone, name: str) -> Backbone:
    backbone.name = name
    return backbone


def test_bundled_tables_have_names() -> None:
    task = load_task("wine")
    assert task.columns[:2] == ("alcohol", "malic acid")
    assert task.shape == "[1, 13] -> [3], 119 train, 59 test"
    assert len(load_task("breast-cancer").columns) == 30


@pytest.mark.slow
def test_an_onnx_file_cannot_write_text(backbone: Backbone, tmp_path: Path, refuses: Any) -> None:
    pytest.importorskip("onnxscript")
    spec = NetSpec.of(make_task(), embedder="row-text", embedder_options=GIVEN, source_classes=1)
    with refuses("conflict", "onnx", upto=":"):
        exporters["onnx"](CrossModalNet(backbone, spec).eval(), "{}", tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_a_run_on_a_file_is_saved_and_predicts(folder: str, tmp_path: Path) -> None:
    """In the units of the file: a constant added to a column is another text, and another prediction."""
    lines = [",".join(map(str, (*row, "ab"[number % 2]))) for number, row in enumerate(ROWS)]
    file = tmp_path / "table.csv"
    file.write_text("\n".join([",".join((*NAMES, "class")), *lines]))
    task = custom_task(file)
    assert task.columns == NAMES
    short: dict[str, Any] = {"epochs": 1, "epoch_steps": 1, "batch_size": 4, "probe_samples": 0}
    made = fit(
        task, method="nft", backbone=folder, embedder="row-text", out=tmp_path / "run", floor=False, **short
    )
    net = CrossModalNet.from_pretrained(made.folder / "model")
    assert net.spec.embedder_options["columns"] == list(NAMES)
    x = torch.from_numpy(task.train.x[:4])
    texts = as_texts(x[:, 0].tolist(), NAMES, 4)
    ids = net.backbone.prepare(texts, net.embedder.tokens)
    embedder: Any = net.embedder
    assert torch.equal(net.embed_target(x), embedder.finish(embedder.words[embedder.row_of[ids]]))
    assert len(Run(made.folder).predict(task.train.x[:4])) == 4
