"""Section about the errors of a run: test error with an interval, beside floors, probe and validation."""

from collections.abc import Mapping
from typing import Any

from isthmus.bench.report_tables import format_error
from isthmus.bench.results import PERCENT, display_unit, display_value
from isthmus.floors.comparison import FloorComparison
from isthmus.floors.intervals import LEVEL, Interval
from isthmus.plots.intervals import draw_intervals
from isthmus.reports.section import Drawing, Section, make_table

OWN = "this run"


def outcome_section(result: Mapping[str, Any], interval: Interval | None) -> Section:
    """Tell the errors of a run.

    Args:
        result: Content of the run's `result.json`.
        interval: Interval of the test error.
    """
    metric, error = result["metric"], result["error"]
    floors = FloorComparison.from_result(result)
    if error is None:
        return Section("Error", ["The task has no test data."], tables=[_table(result, floors, interval)])
    text = [f"The test error is {error_text(metric, error, interval)}."]
    if floors is None or floors.measured_on != "test":
        return Section("Error", text, [], [_table(result, floors, interval)])
    rows: dict[str, tuple[float, Interval | None]] = {OWN: (error, interval)}
    rows |= {name: (one.error, None) for name, one in floors.floors.items() if one.error is not None}
    shown = {
        name: (display_value(metric, value), _displayed(metric, ends)) for name, (value, ends) in rows.items()
    }
    figure = draw_intervals(shown, f"test {display_unit(metric)}", OWN)
    alt = "; ".join(f"{name} {error_text(metric, value, ends)}" for name, (value, ends) in rows.items())
    caption = "Test error of this run, with its interval, and of the floors, which are simpler."
    drawing = Drawing("errors", figure, f"Test errors: {alt}.", caption)
    return Section("Error", [*text, f"{floors.verdict}."], [drawing], [_table(result, floors, interval)])


def error_text(metric: str, error: float, interval: Interval | None) -> str:
    """Return an error with unit and interval: `32.7 % (95 % interval 25.3 to 40.0 %)`."""
    unit = " %" if metric in PERCENT else ""
    own = f"{format_error(metric, error, None)}{unit}"
    name = "" if metric in PERCENT else f" {metric}"
    if interval is None:
        return f"{own}{name}"
    low, high = (format_error(metric, end, None) for end in interval)
    return f"{own}{name} ({LEVEL:.0%} interval {low} to {high}{unit})".replace("95%", "95 %")


def _table(result: Mapping[str, Any], floors: FloorComparison | None, interval: Interval | None) -> Any:
    """Make the table of all errors that are known."""
    metric, probe = result["metric"], result.get("probe") or {}
    rows: list[tuple[str, str, float | None, Interval | None, float | None]] = [
        (OWN, "test", result["error"], interval, result.get("wall_s"))
    ]
    if floors is not None and floors.measured_on is not None:
        rows += [
            (f"floor: {name}", floors.measured_on, one.error, None, floors.seconds[name])
            for name, one in floors.floors.items()
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


def _displayed(metric: str, interval: Interval | None) -> Interval | None:
    """Return an interval in the unit that is shown."""
    return (
        None if interval is None else (display_value(metric, interval[0]), display_value(metric, interval[1]))
    )


def _shown(metric: str, error: float) -> str:
    """Return an error without its unit."""
    return format_error(metric, error, None)


def _ends(metric: str, interval: Interval | None) -> str | None:
    """Return an interval as text."""
    return None if interval is None else f"{_shown(metric, interval[0])} to {_shown(metric, interval[1])}"
