"""A full disk is told in one line, nothing half-written has a name, and the same command goes on later."""

import errno
import os
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus import cli
from isthmus.errors import InputError
from isthmus.files import atomic_write, full_errno, told_when_full

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files have no largest size there")

SHORT = ["--epochs", "1", "--epoch-steps", "1", "--batch-size", "4", "--embedder", "patch"]
PRETRAINING = [f"{name}=1" for name in ("classes", "epochs")] + ["each=2", "batch_size=4"]
TASK = "pdebench/advection1d"
COMMANDS: dict[str, list[Any]] = {
    "fit": [
        "fit",
        "--data",
        "waves.npz",
        "--method",
        "nft",
        *SHORT,
        "--no-floor",
        "--out",
        "new",
        "--resume",
    ],
    "predict": ["predict", "run", "new.npz", "-o", "out.csv"],
    "mock": ["data", "mock", "nasbench360/ninapro", "--root", "data", "--samples", 8],
    "generate": ["data", "generate", TASK, "--root", "data", "--samples", 10, "--set", "beta=0.2"],
    "prepare": ["data", "prepare", TASK, "--root", "made"],
    "describe": ["data", "describe", "waves.npz", "-o", "waves.yaml"],
    "show": ["data", "show", "waves.npz", "--picture", "waves.png"],
    "compare": ["compare", "digits", "--methods", "scratch", "--seeds", 1, "--out", "grid"],
    "pretrain": ["pretrain", "--out", "weights", "--resume", *(w for p in PRETRAINING for w in ("--set", p))],
}


def limited(words: list[Any], size: int) -> tuple[int, str]:
    """Exit code and standard error of a command whose files grow to a size and no further."""
    ear, mouth = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(mouth, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        sys.argv = ["isthmus", *map(str, words)]
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        code = 1
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(mouth)
    with open(ear) as pipe:
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def fill(folder: Path, backbone: str) -> None:
    """Make what the commands start from, with room enough."""
    from isthmus.tasks.generated import generate
    from isthmus.training import fit

    x = np.random.default_rng(0).normal(size=(24, 2, 16))
    np.savez(folder / "new.npz", x=x[:, :1, :8].repeat(8, 1))
    np.savez(folder / "waves.npz", x=x, y=np.array(["a", "b", "c"])[np.arange(24) % 3])
    generate(TASK, folder / "made", samples=10, resolution=16)
    few: dict[str, Any] = {"epochs": 1, "epoch_steps": 1, "batch_size": 4, "embedder": "patch"}
    fit("digits", method="nft", backbone=backbone, out=folder / "run", **few)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, backbones: dict[str, str]) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    fill(folder, backbones["vit"])
    return folder


CASES = [
    *[pytest.param("fit", size, marks=pytest.mark.slow) for size in (0, 700, 9000, 20_000)],
    ("predict", 0),
    ("predict", 40),
    ("mock", 0),
    ("mock", 2000),
    ("generate", 0),
    ("generate", 5000),
    ("prepare", 0),
    ("prepare", 300),
    ("describe", 100),
    ("show", 1000),
    pytest.param("compare", 100, marks=pytest.mark.slow),
    pytest.param("pretrain", 100, marks=pytest.mark.slow),
    pytest.param("pretrain", 500_000, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "size"), CASES)
def test_a_command_says_so_in_one_line_and_can_be_given_again(
    name: str,
    size: int,
    filled: Path,
    backbones: dict[str, str],
    run: Callable[..., tuple[Any, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    words = [*COMMANDS[name], *(["--backbone", backbones["vit"]] if name == "fit" else [])]
    monkeypatch.chdir(tmp_path)
    code, said = limited(words, size)
    *before, line = said.splitlines()
    assert code == 2, said
    assert line.startswith("isthmus: cannot write '"), said
    assert "File too large; " in line
    assert " MB of it are written, and its disk has " in line
    if name == "fit":  # which says first what was understood
        assert "Traceback" not in said
    elif name != "generate":  # HDF5 says in its own words that it cannot close a file
        assert before == []
    assert not [path for path in tmp_path.rglob("*") if ".part" in path.name or ".saving" in path.name]
    if name != "compare":  # whose runs take long
        code, _, said = run(*words, *(["--resume"] if name == "fit" else []))
        assert code == 0, said


def test_an_error_of_another_kind_stays_as_it_is(tmp_path: Path) -> None:
    for error in (PermissionError(errno.EACCES, "no"), KeyError("x"), ValueError("os error 13")):
        with pytest.raises(type(error)), told_when_full(tmp_path):
            raise error


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Error while serializing: IoError(Os { code: 28 }) (os error 28)", errno.ENOSPC),
        ("Can't write data (file write failed: errno = 122, error message = 'Disk quota')", errno.EDQUOT),
        ("[Errno 27] File too large", errno.EFBIG),
        ("os error 13", None),
        ("os error 281", None),
    ],
)
def test_libraries_tell_of_a_full_disk_in_their_own_words(text: str, number: int | None) -> None:
    assert full_errno(RuntimeError(text)) == number


def test_what_fails_in_the_end_does_not_hide_what_is_wrong(monkeypatch, capfd) -> None:
    def command(**_: object) -> None:
        try:
            raise InputError("the good message")
        finally:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cli, "app", command)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert (end.value.code, capfd.readouterr().err) == (2, "isthmus: the good message\n")


def test_a_part_that_cannot_be_removed_does_not_hide_what_is_wrong(tmp_path: Path, monkeypatch) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "no")

    def write() -> None:
        with atomic_write(tmp_path / "a"):
            monkeypatch.setattr(Path, "unlink", refuse)
            raise OSError(errno.EFBIG, "")

    with pytest.raises(InputError, match="File too large"):
        write()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is none")
@pytest.mark.parametrize("words", [["list", "methods"], ["--version"], ["data", "list"], ["fit", "--help"]])
def test_whatever_cannot_be_printed_is_said(words: list[str], monkeypatch, capfd) -> None:
    with open("/dev/full", "w") as full:
        before = os.dup(1)
        os.dup2(full.fileno(), 1)
        monkeypatch.setattr(sys, "stdout", open(1, "w", closefd=False))  # noqa: SIM115
        monkeypatch.setattr(sys, "argv", ["isthmus", *words])
        try:
            with pytest.raises(SystemExit) as end:
                cli.main()
        finally:
            os.dup2(before, 1)
            os.close(before)
    said = capfd.readouterr().err
    assert (end.value.code, said) == (2, "isthmus: cannot write: No space left on device\n")
