"""Tables in LaTeX, for the package booktabs."""

import re

from isthmus.bench.sheet import Sheet, Text

ESCAPES = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"$<$",
    ">": r"$>$",
    "\n": " ",
}
SPECIAL = re.compile("|".join(map(re.escape, ESCAPES)))


def latex(sheet: Sheet) -> str:
    """The sheet as a `table`, its title and notes as the caption."""
    caption = " ".join([*([f"{sheet.title}."] if sheet.title else []), *sheet.notes])
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            *([rf"\caption{{{_escaped(caption)}}}"] if caption else []),
            rf"\begin{{tabular}}{{l{'r' * (len(sheet.header) - 1)}}}",
            r"\toprule",
            _line([Text(name) for name in sheet.header]),
            r"\midrule",
            *(_line(list(line)) for line in sheet.lines),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _line(cells: list[Text]) -> str:
    texts = [rf"\textbf{{{_escaped(c.text)}}}" if c.bold else _escaped(c.text) for c in cells]
    return " & ".join(texts) + r" \\"


def _escaped(text: str) -> str:
    return SPECIAL.sub(lambda found: ESCAPES[found[0]], text)
