"""Progress of a running grid: a live table on a terminal, a line for each run elsewhere."""

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table as RichTable
from rich.text import Text

from isthmus.bench.jobs import Job
from isthmus.bench.records import RunRecord, read_record
from isthmus.bench.report_tables import errors_table
from isthmus.bench.results import GridResults, System, display_unit, display_value
from isthmus.progress import every, is_quiet
from isthmus.training.run_folder import METRICS

SHOWN = 16
"""Runs under way that are shown by name"""


class Display:
    """Progress as lines of text: one for each run that ends, and a summary every half minute.

    Args:
        folder: Folder of the grid.
        jobs: All jobs of the grid.
        records: Record of each job when the grid starts.
        processes: Number of runs at a time; None where a cluster decides.
    """

    def __init__(
        self, folder: Path, jobs: Sequence[Job], records: Sequence[RunRecord], processes: int | None
    ) -> None:
        self.folder, self.processes = folder, processes
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.records = dict(zip([job.name for job in jobs], records, strict=True))
        self.running: dict[str, tuple[Job, float]] = {}

    def begun(self, job: Job) -> None:
        """Note that a worker has started a job."""
        self.running[job.name] = (job, time.monotonic())

    def ended(self, job: Job) -> None:
        """Note that a job is done or has failed, read its record and show it."""
        del self.running[job.name]
        self.records[job.name] = record = read_record(self.folder, job)
        self.show(job, record)

    def show(self, job: Job, record: RunRecord) -> None:
        """Print a line about a job that has ended."""
        done = sum(record.status == "done" for record in self.records.values())
        outcome = f"failed: {record.reason}"
        if record.status == "done":
            error = display_value(record.metric, record.error)
            outcome = f"{display_unit(record.metric)} {error:.4g}, {record.seconds:.0f} s"
        self.console.print(f"{done}/{len(self.records)} {job.name}: {outcome}", markup=False)

    def seconds_left(self) -> float | None:
        """Estimate the time left from finished runs of the same task and system, or of any.

        Returns:
            Seconds; None while no run is finished.
        """
        records = list(self.records.values())
        times: dict[tuple[str, System], list[float]] = {}
        for record in records:
            if record.status == "done":
                times.setdefault((record.task, record.system), []).append(record.seconds)
        if not times:
            return None
        means = {cell: statistics.mean(seconds) for cell, seconds in times.items()}
        overall = statistics.mean(means.values())
        expected = sum(
            means.get((record.task, record.system), overall)
            for record in records
            if record.status == "missing"
        )
        now = time.monotonic()
        elapsed = sum(now - start for _, start in list(self.running.values()))
        return max(expected - elapsed, 0) / (self.processes or max(1, len(self.running)))

    def summary(self) -> str:
        """Summarise how many runs are done or failed, what is running, and the time left."""
        states = [record.status for record in list(self.records.values())]
        failed = f", {states.count('failed')} failed" if "failed" in states else ""
        seconds = self.seconds_left()
        left = "" if seconds is None else f", about {_format_duration(seconds)} left"
        return f"{states.count('done')} of {len(states)} runs done{failed}{left}"

    def __enter__(self) -> "Display":
        """Start to show progress."""
        self._lines = ExitStack()
        self._lines.enter_context(every(lambda: self.console.print(self.line(), markup=False)))
        return self

    def line(self) -> str:
        """Return the summary and the runs that are under way, in one line."""
        names = list(self.running)
        more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
        return ", ".join([self.summary(), *(f"{name} is running" for name in names[:SHOWN]), *more])

    def __exit__(self, *exception: object) -> None:
        """Stop; the lines stay."""
        self._lines.close()


class Silent(Display):
    """Progress that is not shown; only failures are."""

    def __enter__(self) -> "Silent":
        """Show nothing."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Show nothing."""

    def show(self, job: Job, record: RunRecord) -> None:
        """Print a line only for a failure."""
        if record.status == "failed":
            super().show(job, record)


class LiveTable(Display):
    """Progress as a table of the mean errors so far, drawn again every second."""

    def __enter__(self) -> "LiveTable":
        """Start to draw the table."""
        self.live = Live(get_renderable=self.draw, console=self.console, refresh_per_second=1)
        self.live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Draw the table a last time and leave it."""
        self.live.stop()

    def show(self, job: Job, record: RunRecord) -> None:
        """Print a line only for a failure; the table shows the rest."""
        if record.status == "failed":
            super().show(job, record)

    def draw(self) -> Group:
        """Draw the mean errors so far, the running jobs, and a summary."""
        table = errors_table(GridResults(list(self.records.values())))
        drawn = RichTable(*table.header, box=box.SIMPLE_HEAD)
        for row in table.rows:
            drawn.add_row(*(Text(cell.text, style="bold" if cell.bold else "") for cell in row))
        under_way = list(self.running.values())
        running = [Text(self._describe(job, start)) for job, start in under_way[:SHOWN]]
        if len(under_way) > SHOWN:
            running.append(Text(f"and {len(under_way) - SHOWN} more"))
        return Group(drawn, *running, Text(self.summary()))

    def _describe(self, job: Job, start: float) -> str:
        """Describe a running job: its last finished epoch, and for how long it has been running."""
        metrics = self.folder / "runs" / job.name / METRICS
        epoch = len(metrics.read_text(encoding="utf-8").splitlines()) - 1 if metrics.exists() else 0
        epochs, seconds = job.settings.get("epochs", 1), time.monotonic() - start
        return f"{job.name}: epoch {epoch} of {epochs}, {seconds:.0f} s"


def display(
    folder: Path, jobs: Sequence[Job], records: Sequence[RunRecord], processes: int | None
) -> Display:
    """Make a live table on a terminal, lines elsewhere, or nothing where the user wants quiet.

    The arguments are those of `Display`.
    """
    shown = LiveTable if Console(stderr=True).is_terminal else Display
    kind = Silent if is_quiet() else shown
    return kind(folder, jobs, records, processes)


def _format_duration(seconds: float) -> str:
    """Format a duration as `1 h 05 min` or `5 min`."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
