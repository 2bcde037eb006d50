"""Section about the errors of a run: test error with an interval, beside floors, probe and validation."""

from collections.abc import Mapping
from typing import Any

from isthmus.bench.report_tables import format_error
from isthmus.bench.results import PERCENT, display_unit, display_value
from isthmus.plots.intervals import draw_intervals
from isthmus.reports.interval import LEVEL
from isthmus.reports.section import Drawing, Section, make_table

Interval = tuple[float, float] | None

OWN = "this run"


def outcome_section(result: Mapping[str, Any], interval: Interval) -> Section:
    """Tell the errors of a run.

    Args:
        result: Content of the run's `result.json`.
        interval: Interval of the test error.
    """
    metric, error = result["metric"], result["error"]
    floors: Mapping[str, Any] = result.get("floors") or {}
    if error is None:
        return Section("Error", ["The task has no test data."], tables=[_table(result, floors, interval)])
    text = [f"The test error is {told(metric, error, interval)}."]
    text += _verdict(metric, error, interval, floors)
    drawings = []
    if floors:
        rows = {OWN: (error, interval)} | {
            name: (floor["error"], _interval(floor)) for name, floor in floors.items()
        }
        shown = {
            name: (display_value(metric, value), _displayed(metric, ends))
            for name, (value, ends) in rows.items()
        }
        figure = draw_intervals(shown, f"test {display_unit(metric)}", OWN)
        alt = "; ".join(f"{name} {told(metric, value, ends)}" for name, (value, ends) in rows.items())
        caption = "Test error of this run and of the floors, which are simpler; lines are intervals."
        drawings.append(Drawing("errors", figure, f"Test errors: {alt}.", caption))
    return Section("Error", text, drawings, [_table(result, floors, interval)])


def told(metric: str, error: float, interval: Interval) -> str:
    """Return an error with unit and interval: `32.7 % (95 % interval 25.3 to 40.0 %)`."""
    unit = " %" if metric in PERCENT else ""
    own = f"{format_error(metric, error, None)}{unit}"
    name = "" if metric in PERCENT else f" {metric}"
    if interval is None:
        return f"{own}{name}"
    low, high = (format_error(metric, end, None) for end in interval)
    return f"{own}{name} ({LEVEL:.0%} interval {low} to {high}{unit})".replace("95%", "95 %")


def _verdict(metric: str, error: float, interval: Interval, floors: Mapping[str, Any]) -> list[str]:
    """Say whether a floor, which is simpler, does as well."""
    if not floors:
        return []
    best, floor = min(floors.items(), key=lambda item: float(item[1]["error"]))
    other = told(metric, floor["error"], _interval(floor))
    if floor["error"] < error:
        return [f"A floor does better: {best}, {other}. The crossing is not worth its cost here."]
    if interval is not None and floor["error"] <= interval[1]:
        return [
            f"The best floor, {best}, has {other}. The difference is within the interval: these test samples"
            " do not show that the crossing is better."
        ]
    return [f"The best floor, {best}, has {other}."]


def _table(result: Mapping[str, Any], floors: Mapping[str, Any], interval: Interval) -> Any:
    """Make the table of all errors that are known."""
    metric, probe = result["metric"], result.get("probe") or {}
    rows: list[tuple[str, str, float | None, Interval, float | None]] = [
        (OWN, "test", result["error"], interval, result.get("wall_s"))
    ]
    rows += [
        (f"floor: {name}", "test", floor["error"], _interval(floor), floor.get("seconds"))
        for name, floor in floors.items()
    ]
    rows += [
        (OWN, "validation", result.get("validation_error"), None, None),
        (
            "probe of the frozen backbone",
            "validation",
            probe.get("validation_error"),
            None,
            result.get("probe_s"),
        ),
        ("probe of the frozen backbone", "cross-validation", probe.get("cross_validation_error"), None, None),
    ]
    cells = [
        (name, data, _shown(metric, error), _ends(metric, ends), seconds)
        for name, data, error, ends, seconds in rows
        if error is not None
    ]
    header = ["what", "measured on", display_unit(metric), f"{100 * LEVEL:.0f} % interval", "seconds"]
    notes = []
    if interval is not None:
        notes.append(
            "The interval is the bootstrap over test samples: how much the error depends on which are tested."
            " It says nothing of the seed of the training; a grid with several seeds does."
        )
    return make_table("", header, cells, *notes)


def _interval(floor: Mapping[str, Any]) -> Interval:
    """Return the interval of a floor, if it has one."""
    ends = floor.get("interval")
    return None if ends is None else (float(ends[0]), float(ends[1]))


def _displayed(metric: str, interval: Interval) -> Interval:
    """Return an interval in the unit that is shown."""
    return (
        None if interval is None else (display_value(metric, interval[0]), display_value(metric, interval[1]))
    )


def _shown(metric: str, error: float) -> str:
    """Return an error without its unit."""
    return format_error(metric, error, None)


def _ends(metric: str, interval: Interval) -> str | None:
    """Return an interval as text."""
    return None if interval is None else f"{_shown(metric, interval[0])} to {_shown(metric, interval[1])}"
