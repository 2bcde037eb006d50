"""What every test runs under: one thread, no network, no display, no user's data, the same examples."""

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from hypothesis import settings

# No deadline: the first call of anything in torch is slow, and says nothing about the property.
settings.register_profile("isthmus", deadline=None, derandomize=True, database=None)
settings.load_profile("isthmus")


@pytest.fixture(scope="session", autouse=True)
def data_of_tests(tmp_path_factory) -> None:
    """Whatever a run keeps beside the user's data goes elsewhere."""
    os.environ["ISTHMUS_DATA"] = str(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def backbones(tmp_path_factory) -> dict[str, str]:
    """Folders of tiny backbones with random weights: swin, vit, bert, and words (a bert with a tokenizer)."""
    from transformers import BertConfig, BertTokenizer, SwinConfig, ViTConfig

    from isthmus.backbones import load_backbone, new_backbone

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "e"]
    layers = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    bert = BertConfig(**layers, vocab_size=len(vocabulary), max_position_embeddings=24)
    configs = {
        "swin": SwinConfig(
            image_size=16, patch_size=2, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4
        ),
        "vit": ViTConfig(**layers, image_size=16, patch_size=4),
        "bert": bert,
        "words": bert,
    }
    home = tmp_path_factory.mktemp("backbones")
    for seed, (name, config) in enumerate(configs.items()):
        new_backbone(config, seed).save_pretrained(home / name)
    (home / "vocabulary").write_text("\n".join(vocabulary))
    BertTokenizer(str(home / "vocabulary")).save_pretrained(home / "words")
    assert load_backbone(home / "words").prepare(["a b", "c"], 3).tolist() == [[5, 6, 5], [7, 7, 7]]
    return {name: str(home / name) for name in configs}


@pytest.fixture
def run(monkeypatch, capfd, tmp_path):
    """Runs a command in an empty folder: run(*words) -> (exit code, stdout, stderr)."""
    from isthmus import cli

    monkeypatch.chdir(tmp_path)

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["isthmus", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return (end.value.code, *capfd.readouterr())

    return command


@pytest.fixture
def refused():
    """The one line that is said of wrong input: refused(run(...)) -> line."""

    def said(answer) -> str:
        code, out, line = answer
        assert (code, out) == (2, "")
        assert line.startswith("isthmus: ")
        assert line.count("\n") == 1
        assert line.endswith("\n")
        return line

    return said
