"""The published figures that ours are read beside, never mixed with."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("published.yaml")


@dataclass(frozen=True)
class PublishedTable:
    """A table of errors as it was printed.

    Attributes:
        title: where it was printed.
        source: by whom.
        units: what each task's figures are, by the task's name, in the order of the columns.
        rows: the figures of each system, in the order of the tasks; None where none was given.
    """

    title: str
    source: str
    units: dict[str, str]
    rows: dict[str, list[float | None]]

    def figure(self, system: str, task: str) -> float | None:
        """What was published for one system and task."""
        return self.rows[system][list(self.units).index(task)]

    def among(self, names: Collection[str]) -> list[str]:
        """Its tasks that are among these."""
        return [task for task in self.units if task in names]


@cache
def published() -> dict[str, PublishedTable]:
    """All published tables by name: `table1`, ..."""
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        name: PublishedTable(table["title"], found["source"], found["units"][table["tasks"]], table["rows"])
        for name, table in found["tables"].items()
    }
