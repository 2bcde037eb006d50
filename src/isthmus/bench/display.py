"""What is said while a grid runs: a live table on a terminal, a line for each run elsewhere."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table as Drawn

from isthmus.bench.jobs import Job
from isthmus.bench.records import Row, read_row
from isthmus.bench.sheet import errors_sheet
from isthmus.bench.table import Table
from isthmus.bench.units import scaled, unit
from isthmus.bench.worker import Failure


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
        self.console = Console(stderr=True)
        self.rows = dict(zip([job.name for job in jobs], rows, strict=True))
        self.running: dict[str, tuple[Job, float]] = {}
        self.spent: list[float] = []

    def begun(self, job: Job) -> None:
        """A worker takes it up."""
        self.running[job.name] = (job, time.monotonic())

    def ended(self, job: Job, failure: Failure | None) -> None:
        """It is done, or failed."""
        _, since = self.running.pop(job.name)
        self.spent.append(time.monotonic() - since)
        self.rows[job.name] = row = read_row(self.out, job)
        self.say(job, row)

    def say(self, job: Job, row: Row) -> None:
        """One line."""
        done = sum(row.status == "done" for row in self.rows.values())
        what = (
            f"{unit(row.metric)} {scaled(row.metric, row.error):.4g}  {row.wall_s:.0f} s"
            if row.status == "done"
            else f"failed: {row.reason}"
        )
        self.console.print(
            f"{done}/{len(self.rows)}  {job.name}  {what}", highlight=False, markup=False, soft_wrap=True
        )

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class LiveTable(Display):
    """The same as a table that is drawn again every second."""

    def __enter__(self) -> "LiveTable":
        self.live = Live(
            get_renderable=self.draw, console=self.console, refresh_per_second=1, vertical_overflow="visible"
        )
        self.live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.live.stop()

    def say(self, job: Job, row: Row) -> None:
        """The table shows it; only a failure has a line."""
        if row.status == "failed":
            super().say(job, row)

    def draw(self) -> Group:
        """Means so far, what runs now, time left."""
        sheet = errors_sheet(Table(list(self.rows.values())))
        drawn = Drawn(*sheet.header, box=box.SIMPLE_HEAD)
        for line in sheet.lines:
            drawn.add_row(*(f"[bold]{cell.text}[/bold]" if cell.bold else cell.text for cell in line))
        now = time.monotonic()
        running = [f"{name}  {now - since:.0f} s" for name, (_, since) in self.running.items()]
        return Group(drawn, *running, self.state())

    def state(self) -> str:
        """How far it is."""
        states = [row.status for row in self.rows.values()]
        failed = f", {states.count('failed')} failed" if "failed" in states else ""
        left = states.count("missing")
        time_left = (
            f", about {_duration(left * statistics.mean(self.spent) / self.processes)} left"
            if self.spent
            else ""
        )
        return f"{states.count('done')} of {len(states)} runs done{failed}{time_left}"


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def display(out: Path, jobs: Sequence[Job], rows: Sequence[Row], processes: int) -> Display:
    """A live table on a terminal, else lines."""
    kind = LiveTable if Console(stderr=True).is_terminal else Display
    return kind(out, jobs, rows, processes)
