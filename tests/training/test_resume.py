"""A run that was cut off and resumed ends bitwise equal to one that was not."""

import json
import random
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from isthmus.training.callbacks import read_rows

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("resume")]

SETTINGS = {"epochs": 3, "epoch_steps": 4, "batch_size": 4, "lr": 1e-2, "checkpoint": "last"}
BITWISE = ("model/net.safetensors", "model/backbone/model.safetensors", "model/net.json", "metrics.csv")
COSTS = ("wall_s", "step_s", "samples_per_s", "data_wait", "test_s", "probe_s", "floors_s", "peak_mb")
draw = random.Random(3)
METHODS = ("nft", "pare")
MOMENTS = {
    "in the first epoch": ("before step", draw.randint(1, 4)),
    "in the second epoch": ("before step", draw.randint(5, 8)),
    "in the last epoch": ("before step", draw.randint(9, 12)),
    "while the first checkpoint is written": ("while writing", 1),
    "while a later checkpoint is written": ("while writing", draw.randint(2, 3)),  # one an epoch at least
    "after training": ("after training", 0),
}
CASES = [("nft", moment) for moment in MOMENTS]
CASES += [("pare", f"in the {when} epoch") for when in ("first", "last")]
CASES += [("pare", "while a later checkpoint is written")]


def command(method: str, backbone: str, out: Path, *more: str) -> list[str]:
    settings = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    if method == "pare":  # the gate draws in the first half, and the best weights are kept
        settings += [
            "--source",
            "tiny-pictures",
            "--set",
            "checkpoint=best",
            "--set",
            "gradient_accumulation_steps=3",
        ]
    return [
        "fit",
        "tiny",
        "--no-floor",
        "--method",
        method,
        "--backbone",
        backbone,
        "--out",
        str(out),
        *settings,
        *more,
    ]


@pytest.fixture(scope="module")
def ran(tmp_path_factory, backbones):
    """All commands, whole, cut off and resumed: name -> (folder, exit codes, what was said)."""
    home = tmp_path_factory.mktemp("runs")
    jobs: dict[str, list[dict]] = {}

    def add(name: str, method: str, moment: tuple[str, int] | None, signal: str) -> None:
        first = {"argv": command(method, backbones["swin"], home / name), "moment": moment, "signal": signal}
        again = {"argv": command(method, backbones["swin"], home / name, "--resume")}
        jobs[name] = [first, again] if moment else [first]

    for method in METHODS:
        add(f"{method} whole", method, None, "")
        add(f"{method} interrupted", method, ("before step", 6), "SIGINT")
    for method, moment in CASES:
        add(f"{method} killed {moment}", method, MOMENTS[moment], "SIGKILL")
    add("nft terminated", "nft", ("before step", 6), "SIGTERM")
    add("nft interrupted at once", "nft", ("before step", 1), "SIGINT")

    listed = [job for pair in jobs.values() for job in pair]
    for number, job in enumerate(listed):
        job["said"] = str(home / f"said {number}")
    (home / "jobs.json").write_text(json.dumps(listed))
    script = [sys.executable, str(Path(__file__).with_name("cut_off.py")), str(home / "jobs.json")]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    codes = iter(json.loads(done.stdout))
    return {
        name: (home / name, [next(codes) for _ in pair], [Path(job["said"]).read_text() for job in pair])
        for name, pair in jobs.items()
    }


def assert_same_end(folder: Path, whole: Path) -> None:
    for name in BITWISE:
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name
    one, other = (json.loads((f / "result.json").read_text()) for f in (folder, whole))
    costs = dict.fromkeys(COSTS, 0)
    assert one | costs == other | costs
    assert files(folder) == files(whole)


def files(folder: Path) -> set[str]:
    """All of a run, but for what TensorBoard names after the time and the process."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return {name for name in found if not name.startswith("tensorboard/events")}


def suggested(folder: Path) -> list[str]:
    """What is told to do next."""
    name = shlex.quote(str(folder))
    return [f"next: isthmus report {name}", f"      isthmus predict {name} NEWFILE -o predictions.csv"]


@pytest.mark.parametrize("method", METHODS)
def test_the_whole_run_says_its_error_and_what_is_next(ran, method):
    folder, codes, said = ran[f"{method} whole"]
    assert codes == [0]
    error = json.loads((folder / "result.json").read_text())["error"]
    assert said[0].splitlines() == [f"test error {error:.4f}  ({folder})", *suggested(folder)]


@pytest.mark.parametrize(("method", "moment"), CASES)
def test_killed_and_resumed(ran, method, moment):
    folder, codes, said = ran[f"{method} killed {moment}"]
    assert codes == [-9, 0]
    assert said[0] == ""
    assert said[1].startswith("test error")
    assert said[1].splitlines()[1:] == suggested(folder)
    assert_same_end(folder, ran[f"{method} whole"][0])


@pytest.mark.parametrize(
    "name", ["nft interrupted", "pare interrupted", "nft interrupted at once", "nft terminated"]
)
def test_interrupted_and_resumed(ran, backbones, name):
    """Ctrl-C says in one line how to go on, and it does."""
    folder, codes, said = ran[name]
    assert codes == [130, 0]
    start = "isthmus: interrupted; go on with: isthmus "
    assert said[0].startswith(start)
    assert said[0].count("\n") == 1
    assert shlex.split(said[0].removeprefix(start)) == command(
        name.split()[0], backbones["swin"], folder, "--resume"
    )
    assert_same_end(folder, ran[f"{name.split()[0]} whole"][0])


def test_runs_differ_where_they_should(ran):
    """Else equal files would say nothing."""
    nft, pare = (ran[f"{method} whole"][0] for method in METHODS)
    assert (nft / BITWISE[1]).read_bytes() != (pare / BITWISE[1]).read_bytes()
    assert [row["step"] for row in read_rows(nft / "metrics.csv")] == [4, 8, 12]
    assert [row["step"] for row in read_rows(pare / "metrics.csv")] == [2, 4, 6]


def test_tensorboard_goes_on(ran):
    """Every epoch once, over the event files of both processes."""
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = ran["nft killed in the second epoch"][0] / "tensorboard"
    assert len(list(folder.glob("events.*"))) == 2
    events = reading.EventAccumulator(str(folder)).Reload()
    rows = read_rows(folder.parent / "metrics.csv")
    found = [event.value for event in events.Scalars("loss")]
    assert found == pytest.approx([row["loss"] for row in rows])
