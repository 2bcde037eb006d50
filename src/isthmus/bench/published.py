"""Published errors, shown beside our own and never mixed with them."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("published.yaml")


@dataclass(frozen=True)
class PublishedTable:
    """Table of errors as it was printed.

    Attributes:
        title: Number of the table in the publication.
        source: Publication.
        units: Unit of each task's errors, by the task's name, in the order of the columns.
        rows: Errors of each system, in the order of the tasks; None where none was given.
    """

    title: str
    source: str
    units: dict[str, str]
    rows: dict[str, list[float | None]]

    def error(self, system: str, task: str) -> float | None:
        """Return the published error of a system on a task; None where none was given."""
        return self.rows[system][list(self.units).index(task)]

    def tasks_among(self, names: Collection[str]) -> list[str]:
        """List the tasks of the table that are among these names."""
        return [task for task in self.units if task in names]


@cache
def published() -> dict[str, PublishedTable]:
    """Read all published tables, by name: `table1` ..."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        name: PublishedTable(
            table["title"], content["source"], content["units"][table["tasks"]], table["rows"]
        )
        for name, table in content["tables"].items()
    }
