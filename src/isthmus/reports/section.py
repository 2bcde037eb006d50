"""What a page is made of: sections with sentences, figures and tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from isthmus.bench.report_tables import Table, TableCell


@dataclass(frozen=True, eq=False)
class Drawing:
    """Figure of a section.

    Attributes:
        name: Name of its files, without a suffix.
        figure: Figure.
        alt: What is seen, for a reader who does not see it.
        caption: Sentence below the figure.
    """

    name: str
    figure: Figure
    alt: str
    caption: str


@dataclass(frozen=True, eq=False)
class Section:
    """Part of a page under a heading of its own.

    Attributes:
        title: Heading.
        text: Paragraphs.
        drawings: Figures, below the paragraphs.
        tables: Tables, below the figures; the first cell of a row is its heading.
        listing: Text that is shown as it is, folded away.
    """

    title: str
    text: Sequence[str] = ()
    drawings: Sequence[Drawing] = field(default=(), repr=False)
    tables: Sequence[Table] = ()
    listing: str = field(default="", repr=False)


def make_table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]], *notes: str) -> Table:
    """Make a table of plain values.

    Args:
        title: Title above the table.
        header: Titles of the columns.
        rows: Values of each row; they are shown as text, numbers with four digits.
        *notes: Sentences below the table.
    """
    return Table(title, header, [[TableCell(as_text(value)) for value in row] for row in rows], notes)


def as_text(value: object) -> str:
    """Return a value as text: numbers with four digits, `-` for None."""
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def counted(number: int, thing: str) -> str:
    """Return a number and what is counted, in the plural unless it is one."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
