"""Tables in Markdown."""

from isthmus.bench.sheet import Sheet, Text


def markdown(sheet: Sheet) -> str:
    """The sheet as a Markdown table, its title bold above, its notes below."""
    header = [Text(name) for name in sheet.header]
    table = [_line(header), "|" + " --- |" * len(header), *(_line(list(line)) for line in sheet.lines)]
    title = [f"**{sheet.title}**"] if sheet.title else []
    return "\n\n".join([*title, "\n".join(table), *sheet.notes]) + "\n"


def _line(cells: list[Text]) -> str:
    texts = [cell.text.replace("|", "\\|").replace("\n", " ") for cell in cells]
    marked = [f"**{t}**" if cell.bold else t for t, cell in zip(texts, cells, strict=True)]
    return "| " + " | ".join(marked) + " |"
