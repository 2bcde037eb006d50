"""Titles and texts on the terminal: a panel where there is one, plain lines in a log."""

from collections.abc import Iterable


def print_panel(rows: Iterable[tuple[str, str]], *, to_stderr: bool = False) -> None:
    """Print a title and a text for each row.

    Args:
        rows: Titles and texts.
        to_stderr: Whether to print beside the result of a command, on standard error.
    """
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=to_stderr, highlight=False)
    if not console.is_terminal:
        for title, text in rows:
            console.print(Text(f"{title:10} {text}"), soft_wrap=True)
        return
    table = Table.grid(padding=(0, 2))
    for title, text in rows:
        style = "yellow" if title == "guess" else ""
        table.add_row(Text(title, style="bold"), Text(text, style=style, overflow="fold"))
    console.print(Panel(table))
