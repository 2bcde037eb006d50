"""Does any input make a command fail otherwise than in one line, in a minute, with whole files?

Files of every kind (settings, descriptions, data, runs, checkpoints, backbones, prepared and published data,
unfinished files) are damaged by what they are made of: a value of a JSON or YAML tree becomes another, a line
is lost, bytes flip, a file ends early, or becomes a pipe, a loop of links, a folder. Or a word of a command
becomes another. Each command runs in a process of its own. Prints how many ended in which way, and every
input that ended with a traceback, left a half-written file, took over a minute or more than 4 GB.
"""

import argparse
import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import forked  # isort: skip # before all that is heavy
import numpy as np
import writers
import yaml

MOST_MEMORY = 4 * 2**30
TASK = "pdebench/advection1d"
PRETRAINING = ["classes=1", "each=1", "epochs=1", "batch_size=4"]
VALUES: list[Any] = [
    *(None, True, -1, 0, 1, 2**31, 2**63, 10**30, -0.5, 1e308, float("nan"), float("inf"), "", "x", "nan"),
    *("../../x", "a\nb", "[red]{0}", "\U0001f600" * 50, "x" * 5000, [], {}, [[]], [1, "a"], {"name": 3}),
    *({"": {}}, "2020-13-45", "NA", "/dev/null", "-", "--help", "1e9", ".", "null", "\ud800"),
]
TEXTS = [
    "2020-13-45",
    "!!timestamp x",
    "!!float q",
    "[" * 2000,
    "{a: b",
    "9" * 5000,
    "&a [*a]",
    "\0",
    "=",
    "~",
]


def mutated_tree(tree: Any, rng: random.Random) -> Any:
    """Return a tree of JSON or YAML in which one thing is another, is missing, or is there twice."""
    if isinstance(tree, dict) and tree and rng.random() < 0.8:
        name = rng.choice(list(tree))
        if rng.random() < 0.15:
            return {key: value for key, value in tree.items() if key != name}
        if rng.random() < 0.1:
            return {**tree, str(rng.choice(VALUES))[:50]: tree[name]}
        return {**tree, name: mutated_tree(tree[name], rng)}
    if isinstance(tree, list) and tree and rng.random() < 0.8:
        place = rng.randrange(len(tree))
        changed = [*tree[:place], mutated_tree(tree[place], rng), *tree[place + 1 :]]
        return rng.choice([changed, tree * 2, tree[:place], [*tree, rng.choice(VALUES)]])
    if isinstance(tree, int | float) and not isinstance(tree, bool) and rng.random() < 0.5:
        return rng.choice([tree * -1, tree + 1, tree * 1000, str(tree), [tree], tree / 2])
    return rng.choice(VALUES)


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return bytes of which some flipped, are missing, are there twice, or are others."""
    place, length = rng.randrange(len(data) + 1), min(len(data), rng.choice([1, 2, 8, 100, 4096]))
    head, tail = data[:place], data[place:]
    return rng.choice(
        [
            lambda: head,
            lambda: b"",
            lambda: head + tail[length:],
            lambda: head + rng.randbytes(length) + tail[length:],
            lambda: head + rng.randbytes(length) + tail,
            lambda: head + tail[:length] + tail,
            lambda: head + bytes([(tail[:1] or b"\0")[0] ^ (1 << rng.randrange(8))]) + tail[1:],
            lambda: data + rng.randbytes(length),
            lambda: b"\xff\xfe" + data,
            lambda: head + b"\0" * length + tail[length:],
        ]
    )()


def mutate(path: Path, rng: random.Random) -> str:
    """Damage a file; return in which way."""
    if rng.random() < 0.06:
        path.unlink()
        kind = rng.choice(["pipe", "loop", "folder", "zeros", "none"])
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind != "none":
            path.symlink_to(path.name if kind == "loop" else "/dev/zero")
        return kind
    suffix, chance = path.suffix, rng.random()
    if suffix in (".json", ".yaml") and chance < 0.75:
        read, write = (json.loads, json.dumps) if suffix == ".json" else (yaml.safe_load, yaml.safe_dump)
        try:
            path.write_text(write(mutated_tree(read(path.read_text()), rng)), errors="surrogatepass")
            return "tree"
        except (ValueError, yaml.YAMLError):  # what cannot be written that way
            path.write_text(rng.choice(TEXTS))
            return "text"
    if suffix in (".json", ".yaml") and chance < 0.85:
        path.write_text(path.read_text().replace(rng.choice("0123456789:,ae"), rng.choice(TEXTS), 1))
        return "text"
    if suffix == ".npz" and chance < 0.6:
        return mutate_arrays(path, rng)
    if suffix == ".csv" and chance < 0.6:
        lines = path.read_text().splitlines()
        cells = lines[(line := rng.randrange(len(lines)))].split(",")
        cells[rng.randrange(len(cells))] = (
            str(rng.choice([*VALUES, *TEXTS])).encode("utf-8", "replace").decode()
        )
        path.write_text("\n".join([*lines[:line], ",".join(cells), *lines[line + 1 :]]))
        return "cell"
    if suffix == ".safetensors" and chance < 0.5:
        data = path.read_bytes()
        end = 8 + int.from_bytes(data[:8], "little")
        path.write_bytes(data[:8] + mutated_bytes(data[8:end], rng)[: end - 8].ljust(end - 8) + data[end:])
        return "header"
    path.write_bytes(mutated_bytes(path.read_bytes(), rng))
    return "bytes"


def mutate_arrays(path: Path, rng: random.Random) -> str:
    """Change what the arrays of an .npz are."""
    arrays = dict(np.load(path))
    name = rng.choice(list(arrays))
    array = arrays[name]
    changes: list[Callable[[], Any]] = [
        lambda: array[: rng.randrange(len(array) + 1)],
        lambda: array[..., None],
        lambda: array.astype("U5"),
        lambda: array.astype("S5"),
        lambda: np.where(np.arange(array.size).reshape(array.shape) == 3, np.nan, 0.0),
        lambda: np.full(array.shape, rng.choice([0.0, np.inf, 1e308, 1e-320, -1e30])),
        lambda: np.full(array.shape, rng.choice([2**63 + 5, 0]), np.uint64),
        lambda: np.zeros((len(array), *rng.choice([(0,), (1, 1, 1, 1, 1), (1,), (3, 1)]))),
        lambda: array.reshape(-1),
        lambda: array.astype(complex) if array.dtype.kind == "f" else array,
        lambda: np.zeros(array.shape, "datetime64[s]"),
        lambda: np.float64(3),
        lambda: np.array(["a\0", "\ud800", "NA", ""] * len(array))[: len(array)],
    ]
    arrays[rng.choice([name, name, "other", "x_test", "y"])] = rng.choice(changes)()
    if rng.random() < 0.2:
        del arrays[name]
    np.savez(path, **arrays)
    return "arrays"


def mutated_words(words: list[str], rng: random.Random) -> list[str]:
    """Return words of which one is another, is missing, or is there twice; or of a setting."""
    place, value = rng.randrange(1, len(words)), str(rng.choice([*VALUES, *TEXTS])).replace("\0", "")
    word = words[place]
    if "=" in word and rng.random() < 0.7:
        name, _, _ = word.partition("=")
        return [*words[:place], f"{name}={value}", *words[place + 1 :]]
    return rng.choice(
        [
            [*words[:place], value, *words[place + 1 :]],
            [*words[:place], *words[place + 1 :]],
            [*words[:place], word, *words[place:]],
            [*words, "--set", f"{rng.choice(SETTINGS)}={value}"],
            [*words, rng.choice(OPTIONS), value],
        ]
    )


OPTIONS = [
    "--seed",
    "--out",
    "--config",
    "--describe",
    "--data",
    "--x",
    "--y",
    "--kind",
    "--window",
    "--fill",
]
OPTIONS += ["--hold-out", "--layout", "--drop", "--group", "--test", "--samples", "--resolution", "--seeds"]
SETTINGS = ["lr", "epochs", "validation", "method.start", "schedule", "embedder", "image_size", "optimizer"]
SETTINGS += ["max_grad_norm", "warmup_ratio", "readout", "source", "checkpoint", "precision", "weight_decay"]


def prepare(folder: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Make whole files of every kind; return the commands that read them, and which files to damage."""
    from isthmus.tasks.generated import generate

    writers.waves(folder / "waves.npz")
    writers.tiny_backbone(folder / "vit")
    fit = writers.fit_words("nft", Path("vit"), "run")
    rows = np.load(folder / "waves.npz")
    table = [",".join([*map("{:.3f}".format, x[0]), y]) for x, y in zip(rows["x"], rows["y"], strict=True)]
    header = ",".join([*(f"c{i}" for i in range(24)), "label"])
    (folder / "waves.csv").write_text("\n".join([header, *table]) + "\n")
    (folder / "mine.yaml").write_text("data: waves.csv\nx: [c0..c23]\ny: label\nkind: classification\n")
    grid = {"tasks": ["digits"], "methods": ["nft", {"name": "pare", "start": 0.5}], "backbones": ["vit"]}
    (folder / "grid.yaml").write_text(yaml.safe_dump({**grid, "seeds": 2, "settings": {"epochs": 1}}))
    done = [
        forked.give(words, folder)
        for words in (fit, [*fit[:-1], "begun"], ["data", "mock", TASK, "--root", "mock", "--samples", "4"])
    ]
    assert all(one.code == 0 for one in done), done
    (folder / "begun" / "result.json").unlink()
    shutil.rmtree(folder / "begun" / "model")
    generate(TASK, folder / "made", samples=10, resolution=16)
    pretrain = [
        "pretrain",
        "--out",
        "weights",
        "--resume",
        *(w for one in PRETRAINING for w in ("--set", one)),
    ]
    assert forked.give(pretrain, folder).code == 0
    begun = forked.give(
        ["data", "generate", TASK, "--root", "half", "--samples", "40", "--resolution", "16"],
        folder,
        stop_at_chunk,
    )
    assert begun.code not in (0, 2), begun
    csv_fit = [word.replace("waves.npz", "waves.csv") for word in fit[:-1]]
    return {
        "fit": ([*fit[:-1], "new"], ["waves.npz"]),
        "table": ([*csv_fit, "new"], ["waves.csv"]),
        "describe": (["data", "show", "mine.yaml"], ["mine.yaml", "waves.csv"]),
        "resume": (
            [*fit[:-1], "begun", "--resume"],
            [
                "begun/config.yaml",
                "begun/checkpoints/last.safetensors",
                "begun/metrics.csv",
                "begun/description.yaml",
            ],
        ),
        "finished": ([*fit, "--resume"], ["run/result.json", "run/config.yaml"]),
        "config": (
            ["fit", "GunPoint", "--config", "run/config.yaml", "--out", "new", "--dry-run"],
            ["run/config.yaml"],
        ),
        "predict": (
            ["predict", "run", "waves.npz", "-o", "out.csv", "--proba"],
            [
                "run/model/net.json",
                "run/model/net.safetensors",
                "run/model/backbone/config.json",
                "run/model/backbone/model.safetensors",
                "run/model/backbone/preprocessor_config.json",
                "run/description.yaml",
                "waves.npz",
            ],
        ),
        "backbone": (
            [*fit[:-1], "new"],
            ["vit/config.json", "vit/model.safetensors", "vit/preprocessor_config.json"],
        ),
        "grid": (["compare", "--config", "grid.yaml", "--out", "g", "--dry-run"], ["grid.yaml"]),
        "prepare": (
            ["data", "prepare", TASK, "--root", "made"],
            [
                f"made/{TASK}/published/{name}"
                for name in ("1D_Advection_Sols_beta0.4.hdf5", "generated-by-isthmus.json")
            ],
        ),
        "verify": (
            ["data", "verify", TASK, "--root", "mock"],
            [f"mock/{TASK}/prepared/{name}" for name in ("card.json", "train_x.npy", "train_y.npy")],
        ),
        "generate": (
            ["data", "generate", TASK, "--root", "half", "--samples", "40", "--resolution", "16"],
            [
                f"half/{TASK}/published/1D_Advection_Sols_beta0.4.hdf5.unfinished/{name}"
                for name in ("state.json", "data")
            ],
        ),
        "pretrain": (pretrain, ["weights/training/settings.json", "weights/training/last.safetensors"]),
        "list": (["data", "list", "--root", "mock"], [f"mock/{TASK}/prepared/card.json"]),
    }


def stop_at_chunk() -> None:
    """Let a generation end at its second chunk, as if it were killed."""
    from isthmus.pde.partial_file import PartialFile

    mark = PartialFile.mark_done

    def mark_done(self: PartialFile, chunk: int) -> None:
        mark(self, chunk)
        if chunk == 1:
            os._exit(9)

    PartialFile.mark_done = mark_done


def complaint(ended: forked.Ended, folder: Path, before: set[str]) -> str | None:
    """Return what is wrong with how a command ended; None if nothing is."""
    if ended.code is None:
        return f"took over {forked.MOST_SECONDS:.0f} s"
    if ended.traceback:
        return f"ended with code {ended.code}"
    if ended.peak > MOST_MEMORY:
        return f"took {ended.peak / 2**30:.1f} GB"
    left = [name for name in writers.leftovers(folder) if name not in before and ".unfinished" not in name]
    if left:
        return f"left {left[0]}"
    last = ended.said.strip().splitlines()[-1:] or [""]
    return "said nothing in a line" if ended.code == 2 and not last[0].startswith("isthmus: ") else None


def main() -> None:
    """Try as many inputs as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--kind", help="of the commands, one alone")
    parser.add_argument("--smallest", action="store_true", help="try what is done in a few seconds")
    asked = parser.parse_args()
    inputs = 6 if asked.smallest else asked.inputs
    forked.import_everything()
    ways: Counter[str] = Counter()
    peak, longest, began = 0, 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        whole = Path(temporary) / "whole"
        whole.mkdir()
        commands = prepare(whole)
        kinds = [asked.kind] if asked.kind else list(commands)
        for number in range(asked.first, asked.first + inputs):
            rng = random.Random(number)
            kind = rng.choice(kinds)
            words, files = commands[kind]
            folder = Path(temporary) / "one"
            shutil.copytree(whole, folder)
            before = set(writers.leftovers(folder))
            if rng.random() < 0.3:
                words, how = mutated_words(words, rng), "words"
            else:
                file = rng.choice(files)
                how = f"{mutate(folder / file, rng)} of {file}"
            ended = forked.give(words, folder)
            wrong = complaint(ended, folder, before)
            peak, longest = max(peak, ended.peak), max(longest, ended.seconds)
            ways["wrong" if wrong else {0: "done", 2: "refused in a line"}[ended.code or 0]] += 1
            if wrong:
                last = (ended.said.strip().splitlines() or [""])[-1][:300]
                print(
                    f"{number}: {kind}, {how}: {wrong}: {words} {last}".encode("utf-8", "replace").decode(),
                    flush=True,
                )
            shutil.rmtree(folder)
            if (number - asked.first) % 500 == 499:
                print(f"... {sum(ways.values())} inputs: {dict(ways)}", flush=True)
    told = ", ".join(f"{count} {way}" for way, count in sorted(ways.items()))
    seconds = time.monotonic() - began
    memory = f"most memory {peak / 2**20:.0f} MB more than at the start"
    print(f"{inputs} inputs in {seconds:.0f} s: {told}; longest {longest:.0f} s, {memory}")


if __name__ == "__main__":
    main()
