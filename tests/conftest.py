"""What every test runs under: one thread, no network, no display, a HOME of its own, the same examples.

And `refuses`, by which tests say what input is refused. The messages of all refusals are in `messages.txt`.
"""

import difflib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from isthmus.errors import ErrorKind, InputError

REAL_HOME = Path.home()
BEFORE = set(os.listdir(REAL_HOME)) if REAL_HOME.is_dir() else set()
HOME = Path(tempfile.mkdtemp(prefix="isthmus-tests-home-"))
for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HF_HOME"):
    os.environ.pop(variable, None)
os.environ["HOME"] = os.environ["USERPROFILE"] = str(HOME)
os.environ["MPLCONFIGDIR"] = str(HOME / "matplotlib")
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers share what numba compiles
    os.environ["NUMBA_CACHE_DIR"] = str(HOME / "numba")
os.environ["DDE_BACKEND"] = "pytorch"  # else DeepXDE asks for one, and writes the answer to HOME
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# No deadline: the first call of anything in torch is slow, and says nothing about the property.
settings.register_profile("isthmus", deadline=None, derandomize=True, database=None)
settings.load_profile("isthmus")

UPDATE = "--update-messages"
LEFT_BY_LIBRARIES = {".cache", ".config", ".deepxde", ".local", "aeon_data", "mne_data", "nltk_data"}
GOLDEN = Path(__file__).with_name("messages.txt")
NEVER = 1e9
"""Seconds that no test takes, however busy the machine is"""
SUGGESTED = re.compile(r"^(?:next: |      )isthmus .*\n", re.MULTILINE)
"""Lines of what may be done next"""
MACHINE = {  # what differs from machine to machine and from run to run, and what stands for it
    r"\b127\.0\.0\.1:\d+": "127.0.0.1:PORT",
    r"\b[0-9a-f]{64}\b": "SHA-256",
    r"\b[0-9.]+ [MG]B of it are written": "N MB of it are written",
    r"\bits disk has [0-9.]+ [MG]B left": "its disk has N MB left",
    r"\.\d+\.[0-9a-f]{8}\.part\b": ".PROCESS.part",
    r"\bprocess \d+ on \S+ \(since [^)]*\)": "process N on HOST (since TIME)",
}


class Messages:
    """The messages of all refusals by test, those of `messages.txt` and those of this run.

    A line of the file is the id of a test, a tab and a message.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.update: bool = config.getoption(UPDATE)
        self.golden: dict[str, set[str]] = {}
        for line in GOLDEN.read_text(encoding="utf-8").split("\n")[:-1] if GOLDEN.exists() else []:
            test, _, message = line.partition("\t")
            self.golden.setdefault(test, set()).add(message)
        self.said: dict[str, set[str]] = {}
        self.collected: set[str] = set()

    def compare(self, test: str) -> None:
        """Fail a test that has passed if its messages are not those of the file."""
        golden, said = (sorted(messages.get(test, ())) for messages in (self.golden, self.said))
        if golden != said and not self.update:
            diff = "\n".join(line.rstrip() for line in difflib.ndiff(golden, said))
            told = f"the messages differ from {GOLDEN.name}; if that is right, give pytest {UPDATE}\n{diff}"
            pytest.fail(told, pytrace=False)

    def orphans(self) -> list[str]:
        """Return the tests of the file that are no more."""
        files = {test.partition("::")[0] for test in self.collected}
        return [
            test
            for test in self.golden
            if test not in self.collected
            and (test.partition("::")[0] in files or not (GOLDEN.parent / test.partition("::")[0]).exists())
        ]

    def write(self) -> None:
        """Rewrite the file; what is known of tests that did not run stays."""
        kept = {test: messages for test, messages in self.golden.items() if test not in self.orphans()}
        lines = [f"{test}\t{m}\n" for test, messages in (kept | self.said).items() for m in messages]
        GOLDEN.write_text("".join(sorted(lines)), encoding="utf-8")


MESSAGES = pytest.StashKey[Messages]()
SAID = pytest.StashKey[set[str]]()
"""Messages of one test"""


def id_in_file(item: pytest.Item) -> str:
    """Return the id of a test from the folder of this file on."""
    path = os.path.relpath(item.path, GOLDEN.parent).replace(os.sep, "/")
    return f"{path}::{item.nodeid.partition('::')[2]}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(UPDATE, action="store_true", help=f"rewrite {GOLDEN.name} with what is said now")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MESSAGES] = Messages(config)


@pytest.hookimpl(tryfirst=True)  # before -k and -m leave some out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    in_part = config.getoption("lf", False) or any("::" in argument for argument in config.args)
    if not in_part:
        config.stash[MESSAGES].collected = {id_in_file(item) for item in items}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    item.stash[SAID] = set()
    yield
    messages, test = item.config.stash[MESSAGES], id_in_file(item)
    messages.said[test] = item.stash[SAID]
    messages.compare(test)


def pytest_sessionfinish(session: pytest.Session) -> None:
    shutil.rmtree(HOME, ignore_errors=True)
    left = (set(os.listdir(REAL_HOME)) - BEFORE) & LEFT_BY_LIBRARIES if REAL_HOME.is_dir() else set()
    if left:
        raise pytest.UsageError(f"tests wrote to '{REAL_HOME}': {', '.join(sorted(left))}")
    messages = session.config.stash[MESSAGES]
    if hasattr(session.config, "workeroutput"):  # of pytest-xdist: the first process writes
        session.config.workeroutput["messages"] = {test: list(said) for test, said in messages.said.items()}
        session.config.workeroutput["collected"] = list(messages.collected)
    elif messages.update:
        messages.write()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    messages, output = node.config.stash[MESSAGES], getattr(node, "workeroutput", {})
    messages.said |= {test: set(said) for test, said in output.get("messages", {}).items()}
    messages.collected |= set(output.get("collected", ()))


@pytest.fixture
def messages(request: pytest.FixtureRequest) -> Messages:
    return request.config.stash[MESSAGES]


@pytest.fixture
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], None]:
    """Holds a message to `messages.txt`, without what differs from machine to machine."""
    machine = {re.escape(str(tmp_path_factory.getbasetemp())) + r"/\w+": "TMP"} | MACHINE

    def record(message: str) -> None:
        for special, general in machine.items():
            message = re.sub(special, general, message)
        request.node.stash[SAID].add(message)

    return record


@pytest.fixture
def refuses(record: Callable[[str], None]) -> Callable[..., Any]:
    """Asserts that what is under it is refused: `with refuses("unknown", "methd"): ...`.

    Kind and key are those of the `InputError`. Its message is one line, which stands in `messages.txt`;
    with `upto` it stands there up to this text only, after which another library goes on in its own words.
    """

    @contextmanager
    def refuses(
        kind: ErrorKind, key: object = None, *, upto: str = ""
    ) -> Iterator[pytest.ExceptionInfo[InputError]]:
        with pytest.raises(InputError) as error:
            yield error
        message = str(error.value)
        assert "\n" not in message
        assert (error.value.kind, error.value.key) == (kind, None if key is None else str(key)), message
        assert upto in message
        record(f"{message.partition(upto)[0]}{upto} ..." if upto else message)

    return refuses


@pytest.fixture(scope="session", autouse=True)
def data_of_tests(tmp_path_factory) -> None:
    """Whatever a run keeps beside the user's data goes elsewhere."""
    os.environ["ISTHMUS_DATA"] = str(tmp_path_factory.mktemp("data"))


class Unlisted(dict):
    """Things that can be looked up and are not listed."""

    def __iter__(self) -> Iterator[str]:
        return iter(())


@pytest.fixture(scope="session", autouse=True)
def no_floors() -> None:
    """Runs of tests find no floors, whose fits take seconds; `all_floors` brings them back."""
    from isthmus.floors import floors

    floors._things = Unlisted(floors._things.items())


@pytest.fixture
def all_floors(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Every floor by its name, which runs find again."""
    from isthmus.floors import floors

    monkeypatch.setattr(floors, "_things", dict(floors._discover().items()))
    return floors._things


@pytest.fixture
def small_options() -> dict[str, dict[str, Any]]:
    """Options that make a method small, by its name, for tests that try every method."""
    return {
        "darts": {"cells": 1, "width": 2, "search_cells": 3, "search_width": 4, "search_steps": 1},
        "dash": {"width": 2, "search_steps": 1, "tune_steps": 0},
        "deepcon": {"blocks": 1, "width": 4},
        "deepcr": {"levels": 1, "width": 4},
        "densenas": {"widths": ((2,), (4,)), "layers": (1, 1), "search_steps": 1},
        "densenet": {"depth": 10, "growth": 2},
        "ecg-resnet": {"blocks": 2, "width": 8, "groups": 2},
        "fno": {"modes": 2, "width": 4},
        "hydra": {"kernels": 2, "groups": 2},
        "mona": {"meta_steps": 1, "samples": 4, "source_samples": 8},
        "orca": {"align_epochs": 1, "source_samples": 8},
        "perceiver": {"latents": 2, "width": 8, "blocks": 1},
        "recraft": {"predictor_steps": 2, "align_epochs": 1, "distortion_epochs": 1, "source_samples": 8},
        "rocket": {"kernels": 10},
        "s2cnn": {"bands": [4, 2], "features": [2, 2]},
        "unet": {"width": 4},
        "wrn": {"depth": 10, "widen": 1, "width": 4},
        "xgboost": {"rounds": 1, "depth": 2},
    }


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
    """Runs a command in an empty folder: run(*words) -> (exit code, stdout, stderr).

    What is suggested to do next is left out of the latter, and is the attribute `suggested` of `run`.
    """
    from isthmus import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("isthmus.progress.INTERVAL", NEVER)

    def command(*words: Any) -> tuple[Any, str, str]:
        monkeypatch.setattr(sys, "argv", ["isthmus", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, said = capfd.readouterr()
        vars(command)["suggested"] = [line.split("isthmus ", 1)[1] for line in SUGGESTED.findall(said)]
        return end.value.code, out, SUGGESTED.sub("", said)

    return command


@pytest.fixture
def refused(record: Callable[[str], None]) -> Callable[..., str]:
    """The one line that is said of wrong input: refused(run(...)) -> line. It stands in `messages.txt`.

    With `upto` it stands there up to this text only, after which another library goes on in its own words.
    """

    def said(answer: tuple[int, str, str], *, upto: str = "") -> str:
        code, out, line = answer
        assert (code, out) == (2, "")
        assert line.startswith("isthmus: ")
        assert line.count("\n") == 1
        assert line.endswith("\n")
        assert upto in line
        record(f"{line.partition(upto)[0]}{upto} ..." if upto else line.rstrip("\n"))
        return line

    return said
