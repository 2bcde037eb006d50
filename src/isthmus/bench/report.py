"""A grid's tables, made again, and put where a page has a place for them."""

import re
from pathlib import Path

from isthmus.bench.comparison import Comparison
from isthmus.errors import InputError
from isthmus.files import write_text

END = "<!-- end of report -->"


def report(folder: str | Path, *, into: str | Path | None = None, reference: str | None = None) -> Comparison:
    """Make the tables of a grid's folder again, from its run folders.

    Args:
        folder: of the grid, wherever it is by now.
        into: a Markdown file; what stands in it between `<!-- isthmus report NAME -->`, with the folder's
            name, and `<!-- end of report -->` is replaced by the tables.
        reference: label of the method that the others are tested against; by default the grid's.

    Raises:
        InputError: if it is not the folder of a grid, or the file has no such place.
    """
    comparison = Comparison(folder, reference)
    page = None if into is None else _filled(Path(into), comparison)
    comparison.write()
    if into is not None and page is not None:
        write_text(Path(into), page)
    return comparison


def _filled(path: Path, comparison: Comparison) -> str:
    """The text of the file with the tables in it."""
    begin = f"<!-- isthmus report {comparison.folder.resolve().name} -->"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"there is no file '{path}'") from None
    except UnicodeDecodeError:
        raise InputError(f"'{path}' is not text in UTF-8") from None
    places = re.findall(f"{re.escape(begin)}.*?(?={re.escape(END)})", text, re.DOTALL)
    if len(places) != 1 or "<!-- isthmus report" in places[0].removeprefix(begin):
        raise InputError(
            f"'{path}' has no place for the tables, or not one: a line '{begin}', and below it '{END}'"
        )
    return text.replace(places[0], f"{begin}\n\n{comparison.markdown()}\n")
