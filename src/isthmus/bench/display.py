"""What is said while a grid runs: a live table on a terminal, a line for each run elsewhere."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table as Drawn
from rich.text import Text as Styled

from isthmus.bench.formatting import scaled, unit
from isthmus.bench.jobs import Job
from isthmus.bench.records import Row, read_row
from isthmus.bench.sheet import errors_sheet
from isthmus.bench.table import System, Table
from isthmus.training.run_folder import METRICS


class Display:
    """Keeps a grid's rows up to date, and says what has changed.

    Args:
        out: folder of the grid.
        jobs: all of the grid.
        rows: what the folder says of them at the start.
        processes: how many run at a time.
    """

    def __init__(self, out: Path, jobs: Sequence[Job], rows: Sequence[Row], processes: int) -> None:
        self.out, self.processes = out, processes
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.rows = dict(zip([job.name for job in jobs], rows, strict=True))
        self.running: dict[str, tuple[Job, float]] = {}

    def begun(self, job: Job) -> None:
        """A worker takes it up."""
        self.running[job.name] = (job, time.monotonic())

    def ended(self, job: Job) -> None:
        """It is done, or failed, as its folder says."""
        del self.running[job.name]
        self.rows[job.name] = row = read_row(self.out, job)
        self.say(job, row)

    def say(self, job: Job, row: Row) -> None:
        """One line."""
        done = sum(row.status == "done" for row in self.rows.values())
        what = (
            f"{unit(row.metric)} {scaled(row.metric, row.error):.4g}, {row.seconds:.0f} s"
            if row.status == "done"
            else f"failed: {row.reason}"
        )
        self.console.print(f"{done}/{len(self.rows)} {job.name}: {what}", markup=False)

    def seconds_left(self) -> float | None:
        """From how long runs of the same task and method took, or any where there is none yet."""
        rows = list(self.rows.values())
        times: dict[tuple[str, System], list[float]] = {}
        for row in rows:
            if row.status == "done":
                times.setdefault((row.task, row.system), []).append(row.seconds)
        if not times:
            return None
        usual = {kind: statistics.mean(found) for kind, found in times.items()}
        overall = statistics.mean(usual.values())
        expected = sum(usual.get((row.task, row.system), overall) for row in rows if row.status == "missing")
        now = time.monotonic()
        under_way = sum(now - since for _, since in list(self.running.values()))
        return max(expected - under_way, 0) / self.processes

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *exception: object) -> None:
        """Leave what was said."""


class LiveTable(Display):
    """The same as a table that is drawn again every second."""

    def __enter__(self) -> "LiveTable":
        self.live = Live(get_renderable=self.draw, console=self.console, refresh_per_second=1)
        self.live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.live.stop()

    def say(self, job: Job, row: Row) -> None:
        """The table shows it; only a failure has a line."""
        if row.status == "failed":
            super().say(job, row)

    def draw(self) -> Group:
        """Means so far, what runs now, and how far all is."""
        sheet = errors_sheet(Table(list(self.rows.values())))
        drawn = Drawn(*sheet.header, box=box.SIMPLE_HEAD)
        for line in sheet.lines:
            drawn.add_row(*(Styled(cell.text, style="bold" if cell.bold else "") for cell in line))
        running = [Styled(self._at(job, since)) for job, since in list(self.running.values())]
        return Group(drawn, *running, Styled(self._state()))

    def _at(self, job: Job, since: float) -> str:
        """A run, its last epoch that is done, and since when a worker is at it."""
        metrics = self.out / "runs" / job.name / METRICS
        epochs = len(metrics.read_text(encoding="utf-8").splitlines()) - 1 if metrics.exists() else 0
        whole = job.words.get("epochs", 1)
        return f"{job.name}: epoch {epochs} of {whole}, {time.monotonic() - since:.0f} s"

    def _state(self) -> str:
        states = [row.status for row in self.rows.values()]
        failed = f", {states.count('failed')} failed" if "failed" in states else ""
        seconds = self.seconds_left()
        left = "" if seconds is None else f", about {_duration(seconds)} left"
        return f"{states.count('done')} of {len(states)} runs done{failed}{left}"


def display(out: Path, jobs: Sequence[Job], rows: Sequence[Row], processes: int) -> Display:
    """A live table on a terminal, else lines."""
    kind = LiveTable if Console(stderr=True).is_terminal else Display
    return kind(out, jobs, rows, processes)


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
