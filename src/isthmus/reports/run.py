"""The report of a run: which sections its page has."""

from collections.abc import Iterator
from typing import Any

from isthmus.bench.report_tables import format_error
from isthmus.bench.results import PERCENT
from isthmus.config.plain_text import read_json
from isthmus.floors.comparison import FloorComparison
from isthmus.floors.intervals import LEVEL, Interval
from isthmus.reports.bridge import bridge_section
from isthmus.reports.calibration import calibration_section
from isthmus.reports.citation import citation_section
from isthmus.reports.classes import classes_section, labels_section
from isthmus.reports.costs import costs_section, settings_section
from isthmus.reports.data import data_section
from isthmus.reports.interval import bootstrap
from isthmus.reports.numbers import numbers_section
from isthmus.reports.outcome import outcome_section
from isthmus.reports.page import Page
from isthmus.reports.section import Section, counted
from isthmus.reports.training import training_section
from isthmus.reports.worst import worst_section
from isthmus.training import Run
from isthmus.training.callbacks import read_rows
from isthmus.training.kept import read_predictions, read_samples, read_summary
from isthmus.training.run_folder import CHOSEN, FOUND, METRICS

DETAILS = {
    "classification": (classes_section, calibration_section),
    "segmentation": (classes_section, calibration_section),
    "multilabel": (labels_section, calibration_section),
    "regression": (numbers_section,),
}
"""Sections about the predictions of each kind of task"""


def run_page(run: Run) -> Page:
    """Make the page of a finished run from what lies in its folder.

    Raises:
        InputError: If the run is not finished, or a file of it is damaged.
    """
    result, predictions = run.result, read_predictions(run.folder)
    interval = None if predictions is None else bootstrap(predictions, result["metric"])
    backbone = "" if result["backbone"] == "none" else f", backbone {result['backbone']}"
    return Page(
        title=f"{result['task']}: {result['method']}",
        about=f"Report of a run with seed {result['seed']}{backbone}.",
        facts=_facts(result, interval),
        sections=list(_sections(run, interval)),
    )


def _sections(run: Run, interval: Interval | None) -> Iterator[Section]:
    """Make the sections in the order of the page."""
    result, summary = run.result, read_summary(run.folder)
    predictions, samples = read_predictions(run.folder), read_samples(run.folder)
    yield data_section(summary, samples)
    yield outcome_section(result, interval)
    if summary is not None and predictions is not None:
        for section in DETAILS[summary["kind"]]:
            yield section(summary, predictions)
        if samples is not None and len(samples.worst_index):
            yield worst_section(summary, predictions, samples)
    yield training_section(result, read_rows(run.folder / METRICS))
    yield bridge_section(run, samples)
    settings = run.config.flat(only_given=True)
    paths = [run.folder / name for name in (CHOSEN, FOUND)]
    found = {path.name: read_json(path, dict[str, Any]) for path in paths if path.is_file()}
    yield settings_section(settings, found)
    yield costs_section(result)
    yield citation_section(run)


def _facts(result: dict[str, Any], interval: Interval | None) -> list[tuple[str, str, str]]:
    """Return what matters most of a run."""
    metric, unit = result["metric"], " %" if result["metric"] in PERCENT else ""
    facts = []
    for name, key in (("Test", "error"), ("Validation", "validation_error")):
        if result[key] is not None:
            note = ""
            if key == "error" and interval is not None:
                low, high = (format_error(metric, end, None) for end in interval)
                note = f"{100 * LEVEL:.0f} % interval {low} to {high}{unit}"
            facts.append((f"{name} {metric}", f"{format_error(metric, result[key], None)}{unit}", note))
    floors = FloorComparison.from_result(result)
    best = None if floors is None else floors.floors[floors.best].error
    if floors is not None and best is not None:
        value = f"{format_error(metric, best, None)}{unit}"
        facts.append((f"Best floor, {floors.measured_on}", value, floors.best))
    facts.append(("Test samples", f"{result.get('test_samples', 0):,}", ""))
    facts.append(("Training time", f"{result['wall_s']:,.1f} s", counted(result["steps"], "step")))
    return facts
