"""Reports of runs and grids: which files, and what the pages say."""

import json
import shutil

import numpy as np
import pytest

import isthmus
from isthmus import Task, fit, report
from isthmus.bench import Comparison
from isthmus.bench import report as write_tables
from isthmus.reports import page_of
from isthmus.reports.page import render
from isthmus.reports.run import run_page

SHORT = {"epochs": 1, "epoch_steps": 2, "batch_size": 4}


def text_of(folder) -> str:
    return page_of(folder).read_text(encoding="utf-8")


def task_of(kind: str) -> Task:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 1, 24)) + np.arange(40)[:, None, None] % 3
    label = np.arange(40) % 3
    y = {
        "classification": np.array(["<a>", "b", "c"])[label],
        "multilabel": np.stack([label == 0, label > 0], 1).astype(int),
        "regression": x.mean((1, 2)),
        "field": x * 2,
        "segmentation": (x[:, 0] > 1).astype(int),
    }[kind]
    of = "regression" if kind == "field" else kind
    return Task.from_arrays(x[:24], y[:24], x[24:], y[24:], kind=of, name="own data")


HEADINGS = {
    "classification": ["Classes", "Calibration", "Most wrong"],
    "multilabel": ["Labels", "Calibration", "Most wrong"],
    "regression": ["Predicted and true", "Most wrong"],
    "field": ["Predicted and true", "Most wrong"],
    "segmentation": ["Classes", "Calibration", "Most wrong"],
}


@pytest.fixture(scope="module")
def finished(backbones, tmp_path_factory):
    """A run of PaRe on a task that no name is known for."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return fit(
        task_of("classification"),
        method="pare",
        backbone=backbones["swin"],
        source="procedural",
        out=folder,
        **SHORT,
    ).folder


@pytest.mark.slow
def test_the_page_of_a_run_needs_no_data(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "moved")
    run = report(folder)
    assert run == isthmus.Run(folder)
    text = text_of(folder)
    for name in (*HEADINGS["classification"], "Training", "Bridge", "Settings", "Citation"):
        assert f">{name}</h2>" in text
    for name in ("samples", "confusion", "replaced", "embeddings", "features-by-class", "distances"):
        assert {(folder / "report" / f"{name}.{kind}").is_file() for kind in ("png", "svg", "pdf")} == {True}
    assert f"{100 * run.test_error:.1f} %" in text
    assert "95 % interval" in text
    assert "The data is your own." in text


@pytest.mark.slow
def test_the_page_of_an_older_run_says_what_is_missing(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "run")
    for name in ("data.json", "predictions.npz", "samples.npz"):
        (folder / name).unlink()
    result = json.loads((folder / "result.json").read_text())
    for name in ("probe", "probe_s", "peak_mb", "versions", "test_samples"):
        del result[name]
    (folder / "result.json").write_text(json.dumps(result))
    text = render(run_page(isthmus.Run(folder)))
    assert "as runs of earlier versions did" in text
    assert "kept no samples" in text
    assert ">Classes</h2>" not in text
    assert ">Training</h2>" in text
    assert "interval is the bootstrap" not in text


@pytest.mark.slow
def test_a_bridge_that_cannot_be_looked_at_is_told(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "run")
    shutil.rmtree(folder / "model")
    assert "The bridge could not be looked at: " in render(run_page(isthmus.Run(folder)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in HEADINGS if kind != "classification"])
def test_pages_of_every_kind_of_task(kind, tmp_path):
    text = render(run_page(fit(task_of(kind), method="wrn", out=tmp_path / "run", **SHORT)))
    for heading in HEADINGS[kind]:
        assert f">{heading}</h2>" in text
    assert "wrn has no pretrained backbone, so it crosses no bridge." in text


ERRORS = {
    (task, method): [0.1 * i + 0.01 * j, 0.1 * i + 0.02]
    for i, task in enumerate("abc")
    for j, method in enumerate(("one", "two", "three"))
}


def test_the_page_of_a_grid(grid):
    folder = grid(ERRORS)
    assert isinstance(report(folder), Comparison)
    text = text_of(folder)
    for name in ("Errors", "Ranks over tasks", "Error against cost", "Grid", "Citation"):
        assert f">{name}</h2>" in text
    assert "Friedman&#39;s test: p = " in text
    assert (folder / "report" / "ranks.pdf").is_file()
    assert len(list((folder / "report").glob("errors-*.png"))) == 3
    assert "18 of 18" in text


def test_tables_are_those_of_before(grid, tmp_path):
    folder = grid(ERRORS)
    page = tmp_path / "page.md"
    page.write_text("<!-- isthmus report grid -->\n<!-- end of report -->\n")
    before = write_tables(folder, into=page, reference="two").markdown()
    names = ("runs.csv", "table.csv", "table.md", "table.tex", "tests.csv")
    tables = {name: (folder / name).read_bytes() for name in names}
    filled = page.read_bytes()
    assert report(folder, into=page, reference="two").markdown() == before
    assert {name: (folder / name).read_bytes() for name in names} == tables
    assert page.read_bytes() == filled


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ({("a", "one"): [0.1], ("a", "two"): [0.2]}, "Ranks need two tasks or more"),
        ({("a", "one"): [None], ("b", "one"): [None]}, "No method has a result on every task"),
        (
            {(t, m): [0.1] for t in "ab" for m in ("one", "two")},
            "these tests cannot tell so many methods apart",
        ),
    ],
)
def test_small_grids_and_unfinished_ones(grid, errors, says):
    folder = grid(errors)
    report(folder)
    assert says in text_of(folder)


def test_what_cannot_be_reported(grid, tmp_path, refuses):
    with refuses("file", tmp_path):
        report(tmp_path)
    (tmp_path / "result.json").write_text("{}")
    with refuses("conflict", "reference"):
        report(tmp_path, reference="nft")
    with refuses("conflict", "into"):
        report(tmp_path, into="page.md")
    assert not (tmp_path / "report").exists()
    with refuses("unknown", "four"):
        report(grid(ERRORS), reference="four")
    assert not (tmp_path / "grid" / "report").exists()
