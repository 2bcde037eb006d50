"""Pages in a real browser: no error, no request but for the file itself, nothing wider than the window."""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from isthmus.bench import Comparison
from isthmus.reports.grid import grid_page
from isthmus.reports.page import PAGE, Page, render
from isthmus.reports.run import DETAILS
from isthmus.reports.section import Section
from isthmus.reports.worst import worst_section
from isthmus.training.kept import SavedOutputs

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed: apt install chromium"),
]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--virtual-time-budget=5000",
]

WIDTHS = (400, 1400)

OWN = "not an origin"
"""What the browser's log says of requests that no page has made: for the time, for updates"""

FRAME = """<!DOCTYPE html><meta charset="utf-8"><title>frames</title>
{frames}<script>
const frames = [...document.querySelectorAll("iframe")];
const measure = frame => frame.contentDocument.documentElement.scrollWidth;
addEventListener("load", () => document.body.dataset.widths = frames.map(measure).join(" "));
</script>"""
"""A page in windows of several widths, which writes down how wide its content is in each"""


class Opened(NamedTuple):
    """What the browser made of a page.

    Attributes:
        dom: The page after its scripts.
        console: Lines that the page wrote to the console: errors and refusals.
        requests: Addresses that were asked for.
    """

    dom: str
    console: list[str]
    requests: list[str]


def opened(page: Path, home: Path) -> Opened:
    log = home / "net.json"
    words = [BROWSER, *FLAGS, f"--user-data-dir={home / 'user'}", f"--log-net-log={log}"]
    done = subprocess.run(
        [*words, "--window-size=1500,900", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=100,
    )
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    events = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    asked = {event["url"] for event in events if event.get("initiator", OWN) != OWN}
    return Opened(done.stdout, console, sorted(asked))


def widths(page: str, home: Path, sizes: Sequence[int] = WIDTHS) -> list[int]:
    """Return the width of a page's content in windows of these widths."""
    frame = '<iframe style="border:0;width:{}px;height:900px" srcdoc="{}"></iframe>'
    frames = "".join(frame.format(size, html.escape(page, quote=True)) for size in sizes)
    (home / "frames.html").write_text(FRAME.format(frames=frames), encoding="utf-8")
    found = re.search(r'data-widths="([\d ]+)"', opened(home / "frames.html", home).dom)
    return [int(width) for width in found[1].split()]


@pytest.fixture
def pages(summary, predictions, samples, result, grid, tmp_path) -> list[Path]:
    """Pages of a run with long names and wide tables, of numbers, and of a grid of many methods."""
    from isthmus.reports.costs import settings_section
    from isthmus.reports.data import data_section
    from isthmus.reports.outcome import outcome_section

    summary["classes"] = [f"a class whose name is long and has no end {'x' * 60}", "high", "none"]
    names = [f"a floor with a long name {i}" for i in range(6)]
    one = {"error": 0.1, "cross_validation_error": 0.1, "note": ""}
    floors = {"measured_on": "test", "samples": 8, "error": 0.25, "interval": [0, 0.9], "left_out": {}}
    floors |= {"floors": dict.fromkeys(names, one), "best": names[0], "difference": 0.15}
    floors |= {"difference_interval": [0.1, 0.2]}
    more = {"floors": floors, "floors_s": dict.fromkeys(names, 0.1), "method": "pare"}
    numbers = SavedOutputs(np.arange(8), predictions.output[:, :1], predictions.output[:, 1:2])
    sections = [
        data_section(summary, samples),
        outcome_section(result | more, (0.1, 0.4)),
        *(section(summary, predictions) for section in DETAILS["classification"]),
        worst_section(summary, predictions, samples),
        *(section(summary, numbers) for section in DETAILS["regression"]),
        settings_section({"fingerprint": "0" * 64}, {"found.json": {"a" * 90: ["b" * 90] * 3}}),
    ]
    facts = [("Test error", "25.0 %", "95 % interval 10.0 to 40.0 %"), ("A long name", "x" * 40, "")]
    folder = grid({(f"task-{t}", f"method-{m}"): [0.1 * m + t, t] for t in range(2) for m in range(8)})
    both = Page(f"a task {'y' * 70}: pare", "About.", facts, sections), grid_page(Comparison(folder))
    paths = [tmp_path / "run.html", tmp_path / "grid.html"]
    for path, page in zip(paths, both, strict=True):
        path.write_text(render(page), encoding="utf-8")
    return paths


def test_pages_in_a_browser(pages, tmp_path):
    for number, page in enumerate(pages):
        home = tmp_path / f"home-{number}"
        home.mkdir()
        found = opened(page, home)
        assert "</html>" in found.dom
        assert found.console == []
        assert found.requests == []
        assert widths(page.read_text(encoding="utf-8"), home) == list(WIDTHS)


def test_what_is_wrong_with_a_page_is_seen(tmp_path):
    text = render(Page("Wrong", "", [], [Section("One", ["text"])]))
    text = re.sub(r"<meta http-equiv[^>]*>", "", text)
    wrong = (
        '<div style="width:700px">wide</div><img src="http://127.0.0.1:9/x.png">'
        "<script>nothing()</script></body>"
    )
    (tmp_path / PAGE).write_text(text.replace("</body>", wrong))
    found = opened(tmp_path / PAGE, tmp_path)
    assert any("nothing is not defined" in line for line in found.console)
    assert found.requests == ["http://127.0.0.1:9/x.png"]
    assert widths((tmp_path / PAGE).read_text(), tmp_path)[0] > 400
