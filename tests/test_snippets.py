"""Documentation: every command and every block of Python runs as it is written, only smaller.

The blocks of a page run in their order in one folder, in which `PREPARED` has put what the page takes as
given. What cannot run here stands in `NOT_RUN`, and is parsed.
"""

import functools
import os
import re
import runpy
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import typer
from PIL import Image

import isthmus
import isthmus.pde
import isthmus.sklearn
from isthmus.backbones import named
from isthmus.cli.app import app
from isthmus.cli.executors import executor_named
from isthmus.config.validation import complete_options
from isthmus.executors import executors, local
from isthmus.methods import Method, methods
from isthmus.sources import stdlib_text
from isthmus.store.paths import published
from isthmus.training import fit as training_fit

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = ("", "bash", "sh", "console")
LANGUAGES = (  # `py` is shown from a file, where it is tested
    *COMMANDS,
    "python",
    "yaml",
    "toml",
    "py",
    "text",
)

ON_EIGHT = "isthmus fit OSULeaf --method nft --devices 4 --nodes 2 --out runs/wide"
NOT_RUN = {  # a command, without its comment, and why it is not run here
    "git clone <this repository> && cd isthmus": "network",
    "python -m venv .venv && . .venv/bin/activate": "an environment of its own",
    "pip install '.[demo]'": "network",
    "make demo": "an environment of its own",
    "make docs": "an environment of its own",
    "make lint": "an environment of its own",
    "make test": "this very test",
    "isthmus demo": "minutes; test_demo.py makes it short",
    "isthmus compare --preset table2": "days",
    "isthmus fit GunPoint --method nft --logger wandb --seed 1": "an extra; test_loggers.py does it",
    "isthmus fit GunPoint --method nft --logger mlflow --seed 2": "an extra; test_loggers.py does it",
    "isthmus push runs/shared someone/gunpoint": "network; test_push.py runs it with a stand-in",
    "isthmus compare --config grid.yaml --out runs/large --on slurm"
    " --cluster partition=gpu,time=2:00:00,gpus=1,mem=16G --processes 50": "Slurm; test_slurm.py does it",
    "isthmus compare --config grid.yaml --out runs/large --on ray"
    " --cluster address=auto,gpus=0.5": "a cluster; test_ray.py starts one",
    "isthmus tune GunPoint --method pare --trials 200 --out runs/search --on slurm --processes 20"
    " --cluster partition=gpu,time=240,gpus=1": "Slurm; test_processes.py has a stand-in",
    "torchrun --nnodes 2 --nproc-per-node 4 --node-rank 0 --master-addr node1 --master-port 29500"
    f" -m {ON_EIGHT}": "two machines; test_devices.py starts torchrun twice on one",
    f"srun --nodes 2 --ntasks-per-node 4 --gpus-per-node 4 --kill-on-bad-exit {ON_EIGHT}": (
        "Slurm; test_devices.py sets its variables"
    ),
    "pip install ./docs/plugin-example": "test_plugins.py runs it, and what follows on its page",
    "isthmus fit tides --method noisy --backbone pebble --embedder rise --set method.noise=0.2": "the same",
    "isthmus fit tides --method pare --backbone pebble --source waves --out runs/tides": "the same",
}

SLOW = {  # pages that take more than 3 seconds
    "README.md",
    "docs/backbones.md",
    "docs/compare.md",
    "docs/custom-data.md",
    "docs/doctor.md",
    "docs/floors.md",
    "docs/honest-figures.md",
    "docs/logging.md",
    "docs/many-runs.md",
    "docs/recipes.md",
    "docs/report.md",
    "docs/scikit-learn.md",
    "docs/share.md",
    "docs/sources.md",
    "docs/specialists.md",
    "docs/tuning.md",
    "docs/tutorial/your-arrays.md",
}
SHORT: dict[str, Any] = {"epochs": 1, "epoch_steps": 1, "batch_size": 4, "probe_samples": 4}
SMALL_PICTURES: dict[str, Any] = {"image_size": 32}
"""What is short where no backbone is named, which may read text or see only its own size"""
SMALL_FIELDS: dict[str, Any] = {"backbone": "swin-micro", "embedder": "patch", "scale": "channel"}
"""What leaves nothing to choose, where a choice means features of every point of a field"""
SMALL_FOLDS: dict[str, Any] = {"folds": 2, "embedder": "patch", "scale": "channel", "augment": "none"}
SMALL_GRID = {**SHORT, **SMALL_PICTURES, "seeds": 1, "processes": 1}
PASSAGES = functools.cache(stdlib_text.read_passages)  # several pages read the same text
SMALL_SEARCH = {**SHORT, **SMALL_PICTURES, "trials": 1}
SMALL_FILE = {"samples": 20, "resolution": 16, "processes": 1}


class Snippet(NamedTuple):
    """A command or a block that is not of commands.

    Attributes:
        language: Language of its block; "" for commands.
        text: The command without its comment, or the whole block.
    """

    language: str
    text: str


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield (language, content) of each fenced block of a page."""
    fenced = re.findall(r"^( *)(```+|~~~+)(.*)\n((?:.*\n)*?) *\2$", text, re.MULTILINE)
    for indent, _, language, content in fenced:
        yield language.strip(), re.sub(f"^{indent}", "", content, flags=re.MULTILINE)


def snippets(text: str) -> Iterator[Snippet]:
    """Yield the commands and the other blocks of a page in their order."""
    for language, content in blocks(text):
        assert language in LANGUAGES, f"a block in '{language}' is neither run nor known as no code"
        if language not in COMMANDS:
            yield Snippet(language, content)
            continue
        for line in content.replace("\\\n", " ").splitlines():
            command = re.sub(r"(^|\s+)#.*$", "", line).removeprefix("$ ").strip()
            if command and (language != "console" or line.startswith("$ ")):
                yield Snippet("", command)


Run = Callable[..., Any]
"""Runs a command: the fixture of conftest.py"""
ALL = {str(page.relative_to(ROOT)): [*snippets(page.read_text(encoding="utf-8"))] for page in PAGES}


def block_of(page: str, language: str) -> str:
    """Return the one block of a page in a language."""
    (text,) = (snippet.text for snippet in ALL[page] if snippet.language == language)
    return text


# What a page takes as given


def write_arrays() -> dict[str, Any]:
    """Write mine.npz and new.npy, and return the arrays that the README has in memory."""
    x = np.random.default_rng(0).normal(size=(24, 64))
    y = np.array(["no", "yes"])[np.arange(24) % 2]
    arrays = {"x_train": x[:16], "y_train": y[:16], "x_test": x[16:], "y_test": y[16:]}
    np.savez("mine.npz", **arrays)
    np.save("new.npy", x[16:])
    return arrays | {"x_new": x[16:]}


def put_backbones() -> None:
    """Put small backbones where folders and, seen from here, models of the hub are."""
    for name, small in {
        "path/to/folder": "swin-micro",
        "microsoft/swin-base-patch4-window7-224-in22k": "swin-micro",
        "roberta-base": "minilm",
    }.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).symlink_to(named[small].folder())


def publish(name: str, tests: str) -> None:
    """Write the published files of a task or a source, as the tests of this file have them."""
    folder = published(name)
    folder.mkdir(parents=True)
    runpy.run_path(str(ROOT / "tests" / tests))[Path(name).name](folder, np.random.default_rng(0))


def mock(run: Run, *names: str) -> None:
    """Write stand-ins of published data."""
    for name in names:
        assert run("data", "mock", name)[0] == 0


def readme(run: Run) -> dict[str, Any]:
    put_backbones()
    mock(run, "nasbench360/ninapro", "cifar10")
    return write_arrays()


def published_code(run: Run) -> None:
    publish("nasbench360/ecg", "tasks/nasbench360/conftest.py")


def recipes(run: Run) -> None:
    put_backbones()
    mock(run, "nasbench360/ninapro", "nasbench360/ecg", "cifar10")
    write_arrays()


def data(run: Run) -> None:
    put_backbones()
    publish("nasbench360/ecg", "tasks/nasbench360/conftest.py")
    mock(run, "conll2003")


def backbones(run: Run) -> None:
    put_backbones()
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=(24, 3)), np.arange(24) % 2])
    np.savetxt("my-table.csv", rows, delimiter=",", header="height,mass,age,kind", comments="", fmt="%.3g")


def compare(run: Run) -> None:
    Path("grid.yaml").write_text(block_of("docs/compare.md", "yaml"))
    page = Path("docs/results/grid.md")
    page.parent.mkdir(parents=True)
    page.write_text("<!-- isthmus report grid -->\n<!-- end of report -->\n")


def many_runs(run: Run) -> None:
    Path("grid.yaml").write_text(block_of("docs/many-runs.md", "yaml"))


def custom_data(run: Run) -> None:
    Path("steps.yaml").write_text(block_of("docs/custom-data.md", "yaml"))
    table = np.random.default_rng(0).normal(size=(40, 5))
    for name in ("measurements.csv", "newer.csv"):
        np.savetxt(name, table, delimiter=",", header="ax,ay,az,gx,steps", comments="")


def pdebench(run: Run) -> None:
    put_backbones()
    mock(run, "conll2003")


def share(run: Run) -> None:
    np.save("new.npy", np.random.default_rng(0).normal(size=(2, 150)))


def sources(run: Run) -> None:
    publish("cifar10", "sources/test_published.py")
    rng = np.random.default_rng(0)
    for kind in ("a", "b"):
        Path("pictures", kind).mkdir(parents=True)
        for i in range(8):
            Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(f"pictures/{kind}/{i}.png")
    Path("notes").mkdir()
    for name, word in (("a.txt", "sea"), ("b.md", "hill")):
        passages = (
            f"On day {i} we saw the {word}, and walked along it for many hours. " * 8 for i in range(9)
        )
        Path("notes", name).write_text("\n\n".join(passages))


def specialists(run: Run) -> None:
    mock(run, "nasbench360/ecg")


def tensors(run: Run) -> dict[str, Any]:
    target, source = torch.randn(2, 3, 32, 8)
    scores = {"target_scores": torch.rand(3, 32), "source_scores": torch.rand(3, 32)}
    labelled = {"x_s": torch.randn(6, 4), "x_t": torch.randn(6, 4), "y_s": torch.arange(6) % 2}
    return {"target": target, "source": source, **scores, **labelled, "y_t": torch.arange(6) % 3}


PREPARED: dict[str, Callable[[Run], dict[str, Any] | None]] = {
    "README.md": readme,
    "docs/backbones.md": backbones,
    "docs/compare.md": compare,
    "docs/custom-data.md": custom_data,
    "docs/data.md": data,
    "docs/honest-figures.md": share,
    "docs/many-runs.md": many_runs,
    "docs/pdebench.md": pdebench,
    "docs/published-code.md": published_code,
    "docs/recipes.md": recipes,
    "docs/reference/index.md": tensors,
    "docs/share.md": share,
    "docs/sources.md": sources,
    "docs/specialists.md": specialists,
}


# Running, smaller


def as_options(values: Mapping[str, Any]) -> list[str]:
    return [word for key, value in values.items() for word in (f"--{key.replace('_', '-')}", str(value))]


def smaller(words: Sequence[str]) -> list[str]:
    """Return the words of a command with options that make it short; the last of two options holds."""
    if "--help" in words:
        return [*words]
    if words[0] == "fit":
        method = methods[words[words.index("--method") + 1] if "--method" in words else "pare"]
        own_size = {"--backbone", "--recipe", "--config"} & {*words} and "efficientnet-lite0" not in words
        small = SMALL_FIELDS if words[1].startswith("pdebench") else SMALL_PICTURES
        short = SHORT if own_size else SHORT | small
        used = {key: value for key, value in short.items() if key in method.settings}
        return [*words, *as_options(used), *as_options(SMALL_FOLDS if "--folds" in words else {})]
    sizes = {("compare",): SMALL_GRID, ("data", "generate"): SMALL_FILE, ("tune",): SMALL_SEARCH}
    return [
        *words,
        *(word for of, values in sizes.items() if words[: len(of)] == [*of] for word in as_options(values)),
    ]


def parse(command: str) -> None:
    """Check that there is such a command with such options, and such a target of make."""
    for part in command.split("&&"):
        program, *words = shlex.split(part)
        if program == "make":
            assert re.search(f"^{words[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), command
        elif program == "pip":
            project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
            assert set(re.findall(r"[\[,](\w+)", words[-1])) <= {*project["optional-dependencies"]}, command
        elif "isthmus" in (program, *words[:-1]):  # by itself, or started by torchrun or srun
            words = [program, *words][[program, *words].index("isthmus") + 1 :]
            found: Any = typer.main.get_command(app)
            while hasattr(found, "commands"):
                found = found.commands[words.pop(0)]
            given = found.make_context("isthmus", words).params
            if "on" in given:
                place = executor_named(given["on"], given["cluster"] or ())
                complete_options("executor", place, executors[place["name"]])


def shortened(function: Callable[..., Any], values: Mapping[str, int]) -> Callable[..., Any]:
    """Return a function that takes these values whatever it is given."""
    return lambda *given, **more: function(*given, **{**more, **values})


def short_fit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `fit` with settings that make it short."""
    with_pictures = shortened(function, SHORT | SMALL_PICTURES)
    with_backbone = shortened(function, SHORT)
    return lambda *given, **more: (with_backbone if "backbone" in more else with_pictures)(*given, **more)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make what Python calls short, and have its own home, data and processes that start fast."""
    monkeypatch.setattr(isthmus, "fit", short_fit(isthmus.fit))
    monkeypatch.setattr(isthmus.sklearn, "fit", short_fit(training_fit))
    calls: list[tuple[ModuleType, str, Mapping[str, int]]] = [
        (isthmus, "compare", SMALL_GRID),
        (isthmus, "tune", SMALL_SEARCH),
        (isthmus.pde, "generate", SMALL_FILE),
    ]
    for module, name, values in calls:
        monkeypatch.setattr(module, name, shortened(getattr(module, name), values))
    monkeypatch.setattr(Method, "test_samples", 8)
    monkeypatch.setattr("isthmus.plots.intermediate.HALVES", 2)
    monkeypatch.setattr(stdlib_text, "read_passages", PASSAGES)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(local, "CONTEXT", get_context("fork"))


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page in SLOW)) for page in ALL if ALL[page]]
)
def test_snippets_of_a_page_run(page: str, run: Run, small: None, request: pytest.FixtureRequest) -> None:
    if page == "docs/floors.md":
        request.getfixturevalue("all_floors")
    space = {"__name__": "__main__"} | (PREPARED[page](run) or {} if page in PREPARED else {})
    for language, text in ALL[page]:
        if text in NOT_RUN:
            parse(text)
        elif language == "python":
            exec(compile(text, f"<{page}>", "exec"), space)
        elif language == "":
            program, *words = shlex.split(text)
            assert program == "isthmus", f"'{text}' is not run, and does not stand in NOT_RUN"
            code, out, said = run(*smaller([*map(os.path.expanduser, words)]))
            assert code == 0, f"{text}\n{out}\n{said}"


def test_nothing_is_left_out_that_is_on_no_page() -> None:
    assert set(NOT_RUN) <= {snippet.text for found in ALL.values() for snippet in found}
    assert {*PREPARED, *SLOW} <= set(ALL)
