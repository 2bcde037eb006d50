"""What a run's error is beside those of the floors, and what that says in one line."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

from pydantic import ConfigDict

from isthmus.floors.intervals import Interval

NO_VALUE = "-"


@dataclass(frozen=True)
class FloorErrors:
    """Errors of one floor.

    Attributes:
        error: Error on the samples that the run was measured on; None if there are none.
        cross_validation_error: Error on training samples that were left out, by which the best is chosen.
        note: What was made smaller to stay within seconds, in a few words.
    """

    error: float | None
    cross_validation_error: float
    note: str


@dataclass(frozen=True)
class FloorFigures:
    """What `result.json` holds of the floors; times are kept apart, since they differ from run to run.

    Attributes:
        measured_on: Data that errors are computed on, "test", or "validation" where there is no test data;
            None if there is neither.
        samples: Number of these samples.
        error: Error of the run.
        interval: Its 95 % interval, by the bootstrap over the samples.
        floors: Errors of each floor.
        left_out: Why each floor that was not fitted was left out.
        best: Floor of the least cross-validated error.
        difference: Error of the run minus that of the best floor.
        difference_interval: Its 95 % interval, both on the same draws of samples.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    measured_on: str | None
    samples: int
    error: float | None
    interval: Interval | None
    floors: dict[str, FloorErrors]
    left_out: dict[str, str]
    best: str
    difference: float | None
    difference_interval: Interval | None


@dataclass(frozen=True)
class FloorComparison(FloorFigures):
    """A run beside the floors, which are fitted to the same training samples.

    Attributes:
        method: Method of the run.
        metric: Name of the metric; lower is better.
        seconds: Time that each floor took; those of a run are in its result.
    """

    method: str
    metric: str
    seconds: dict[str, float]

    def figures(self) -> dict[str, Any]:
        """Return what `result.json` holds of it under `floors`."""
        values = asdict(self)
        return {field.name: values[field.name] for field in fields(FloorFigures)}

    @classmethod
    def from_result(cls, result: Mapping[str, Any]) -> Self | None:
        """Return the comparison in the content of a `result.json`; None if there is none."""
        figures = result.get("floors")
        if figures is None:
            return None
        pairs = {name: figures[name] and tuple(figures[name]) for name in ("interval", "difference_interval")}
        errors = {name: FloorErrors(**found) for name, found in figures["floors"].items()}
        more = {"method": result["method"], "metric": result["metric"], "seconds": result["floors_s"]}
        return cls(**{**figures, **pairs, **more, "floors": errors})

    @property
    def verdict(self) -> str:
        """One line: whether the run is worth it, by how much, and with what interval.

        A difference is told as one only if its interval holds no zero.
        """
        rival = self.best.replace("-", " ")
        if self.error is None or self.difference is None:
            expected = self.floors[self.best].cross_validation_error
            return (
                f"{self.method}: no data to measure it on beside the floors; {rival} has a cross-validated"
                f" {self.metric} of {expected:.3g}"
            )
        reached = f"{self.measured_on} {self.metric} {self.error:.3g}{_bounds(self.interval)}"
        line = f"{self.method}: {reached}; {rival} has {self.floors[self.best].error:.3g}: "
        if self.difference_interval is None:
            return line + "too few samples to tell them apart"
        low, high = self.difference_interval
        if low > 0:
            return line + f"simpler does better by {self.difference:.3g}{_bounds((low, high))}"
        if high < 0:
            return line + f"{self.method} does better by {-self.difference:.3g}{_bounds((-high, -low))}"
        return line + (
            f"the difference of {self.difference:.3g}{_bounds((low, high))} may be chance, so that"
            f" {self.method} is not shown to be worth it"
        )

    def table(self, run_seconds: float) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return header and rows: the run, the floors, what was left out, and the difference to the best.

        Args:
            run_seconds: Time that the run took.
        """
        error = f"{self.measured_on or 'test'} {self.metric}"
        header = ("", error, "95 % interval", "cross-validated", "seconds", "")
        first = (_number(self.error), _bounds(self.interval).strip(), "", f"{run_seconds:.1f}", "")
        rows = [(self.method, *first)]
        for name, found in self.floors.items():
            told = (_number(found.error), "", f"{found.cross_validation_error:.3g}")
            notes = ["best by cross-validation"] * (name == self.best) + [found.note] * bool(found.note)
            rows.append((name, *told, f"{self.seconds[name]:.1f}", "; ".join(notes)))
        for name, reason in self.left_out.items():
            rows.append((name, NO_VALUE, "", "", "", f"left out: {reason}"))
        between = (_number(self.difference), _bounds(self.difference_interval).strip(), "", "", "")
        return header, [*rows, (f"{self.method} - {self.best}", *between)]


def _number(value: float | None) -> str:
    return NO_VALUE if value is None else f"{value:.3g}"


def _bounds(interval: Interval | None) -> str:
    """Return an interval as text, after a space: " [0.12, 0.2]"; "" for None."""
    return "" if interval is None else f" [{interval[0]:.3g}, {interval[1]:.3g}]"
