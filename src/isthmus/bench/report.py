"""Report of a grid: its tables, made again and put into a page."""

import re
from pathlib import Path

from isthmus.bench.comparison import Comparison
from isthmus.errors import InputError
from isthmus.files import write_text

END = "<!-- end of report -->"


def report(folder: str | Path, *, into: str | Path | None = None, reference: str | None = None) -> Comparison:
    """Make the tables of a grid again from its run folders, as `isthmus report` does.

    Writes `table.md`, `table.tex`, `table.csv`, `runs.csv` and `tests.csv` into the folder. Runs that are
    missing or failed are counted in the tables; nothing is trained.

    Args:
        folder: Folder that `isthmus.compare` wrote; it may have been moved.
        into: Markdown file to put the tables in as well: they replace what stands between the lines
            `<!-- isthmus report NAME -->`, with the folder's name, and `<!-- end of report -->`.
        reference: Label of the method that the others are tested against; by default the grid's own.

    Returns:
        The grid's results. `print(report(folder))` shows the tables, `.markdown()` returns them as text.

    Raises:
        InputError: If the folder holds no grid, the grid has no such method, or the file does not have
            exactly one place for the tables. Nothing is written then.
    """
    comparison = Comparison(folder, reference)
    page = None if into is None else _fill_page(Path(into), comparison)
    comparison.write()
    if into is not None and page is not None:
        write_text(Path(into), page)
    return comparison


def _fill_page(path: Path, comparison: Comparison) -> str:
    """Return the text of a page with the tables in their place."""
    begin = f"<!-- isthmus report {comparison.folder.resolve().name} -->"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"there is no file '{path}'", kind="file", key=path) from None
    except UnicodeDecodeError:
        raise InputError(f"'{path}' is not text in UTF-8", kind="file", key=path) from None
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}", kind="file", key=path) from None
    places = re.findall(f"{re.escape(begin)}.*?(?={re.escape(END)})", text, re.DOTALL)
    if len(places) != 1 or "<!-- isthmus report" in places[0].removeprefix(begin):
        raise InputError(
            f"'{path}' has no place for the tables, or not one: a line '{begin}', and below it '{END}'",
            kind="file",
            key=path,
        )
    return text.replace(places[0], f"{begin}\n\n{comparison.markdown()}\n")
