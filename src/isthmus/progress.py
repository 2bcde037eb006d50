"""How far a piece of work is: a bar on a terminal from the first second, a line every half minute elsewhere.

Nothing heavy is imported, so that work is seen to begin before libraries are loaded.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

INTERVAL = 30.0
"""Seconds from a line to the next where there is no terminal"""


class Progress:
    """State of a piece of work, and how it is shown.

    Args:
        title: What the work is: "pare on GunPoint".

    Attributes:
        stage: What is being done now: "loading the weights".
        done, total: Steps of this stage; total is None where there are none.
        figures: Values that are shown, by name; text stands for itself.
    """

    def __init__(self, title: str) -> None:
        self.title, self.began = title, time.monotonic()
        self.enter("starting")

    def enter(self, stage: str, total: int | None = None, done: int = 0) -> None:
        """Begin another stage of the work.

        Args:
            stage: What is done in it.
            total: Number of its steps, if that is known.
            done: Steps that are done already.
        """
        self.stage, self.total, self.done, self._done_before = stage, total, done, done
        self.figures: Mapping[str, Any] = {}
        self.stage_began = time.monotonic()

    def seconds_left(self) -> float | None:
        """Estimate the time that this stage still takes; None while that cannot be told."""
        taken = self.done - self._done_before
        if self.total is None or not taken:
            return None
        return (time.monotonic() - self.stage_began) / taken * (self.total - self.done)

    def line(self) -> str:
        """Tell everything in a line of text."""
        return f"{self.title}: {', '.join([*self._times(), *self._figures()])}"

    def draw(self) -> Group:
        """Draw a bar with the times, and the figures below it."""
        row = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=self.total, completed=self.done, width=20, pulse=self.total is None)
        row.add_row(Text(self.title, overflow="ellipsis", no_wrap=True), bar, Text("  ".join(self._times())))
        figures = Text("  ".join(self._figures()), no_wrap=True, overflow="ellipsis", style="dim")
        return Group(row, figures) if figures else Group(row)

    def _times(self) -> list[str]:
        left = self.seconds_left()
        gone = f"{_clock(time.monotonic() - self.began)} gone"
        return [self.stage, gone, *([] if left is None else [f"{_clock(left)} left"])]

    def _figures(self) -> list[str]:
        return [v if isinstance(v, str) else f"{name} {float(v):.4g}" for name, v in self.figures.items()]


_shown: list[Progress] = []
_quiet: list[bool] = [False]


def be_quiet(quiet: bool) -> None:
    """Show no progress in this process from now on, or show it again."""
    _quiet[0] = quiet


def is_quiet() -> bool:
    """Return whether no progress is to be shown."""
    return _quiet[0]


@contextmanager
def progress(title: str, console: Console | None = None) -> Iterator[Progress]:
    """Show the progress of what is done inside; inside of another one, go on with that under a new title.

    Args:
        title: What the work is.
        console: Where it is shown; standard error by default.
    """
    if _shown:
        _shown[-1].title = title
        yield _shown[-1]
        return
    work = Progress(title)
    first = os.environ.get("LOCAL_RANK", "0") == "0"  # of the processes that train together
    _shown.append(work)
    try:
        if is_quiet() or not first:
            yield work
        else:
            with _shown_on(console or Console(stderr=True), work):
                yield work
    finally:
        _shown.clear()


@contextmanager
def _shown_on(console: Console, work: Progress) -> Iterator[None]:
    """Draw a bar on a terminal, or print lines elsewhere."""
    if console.is_terminal:
        from rich.live import Live

        with Live(get_renderable=work.draw, console=console, refresh_per_second=4, transient=True) as live:
            live.refresh()
            yield
    else:
        with every(lambda: console.print(Text(work.line()), soft_wrap=True)):
            yield


@contextmanager
def every(act: Callable[[], object], seconds: float | None = None) -> Iterator[None]:
    """Call a function again and again, in a thread, while the block runs.

    Args:
        act: Function to call.
        seconds: Time from one call to the next, and to the first; by default `INTERVAL`.
    """
    wait = INTERVAL if seconds is None else seconds
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(wait):
            act()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _clock(seconds: float) -> str:
    """Format a time as 0:01:30."""
    return str(timedelta(seconds=round(seconds)))
