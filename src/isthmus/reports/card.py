"""The card of a run's model: the report's sections as Markdown, with what a stranger wants to know."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from isthmus.bench.render import to_markdown
from isthmus.files import atomic_write, make_folder, write_text
from isthmus.model import CrossModalNet
from isthmus.plots.style import as_bytes
from isthmus.reports.citation import cite
from isthmus.reports.run import run_page
from isthmus.reports.section import Section
from isthmus.training import Run
from isthmus.training.kept import read_summary
from isthmus.version import __version__

CARD, FIGURES = "README.md", "figures"
LEFT_OUT = {"Citation", "Settings"}
"""Sections of the report that the card says in another way"""
SPECIALISTS = "isthmus.methods.specialists"

USE = """## How to use it

```python
from {module} import {net}

net = {net}.from_pretrained("{name}")
outputs = net(x)  # x: a tensor [N, {shape}], in the units of the training data
```
"""

INTENDED = """## Intended use

It predicts what it was trained on: {kind}, from samples of shape {shape} that were measured as the training
data was. Data from another instrument, place or population needs a test of its own first: the error above
holds for samples like the test data alone. It was not tested for use where a wrong answer does harm, and does
not say why it predicts what it does.
"""


def write_card(run: Run, name: str, folder: Path) -> Path:
    """Write the card of a run's model, `README.md`, and its figures.

    Args:
        run: Finished run.
        name: Name that the model will have: "user/name".
        folder: Folder for the files.

    Raises:
        InputError: If the run is not finished, or a file of it is damaged.
    """
    page, spec = run_page(run), run.net.spec
    shape = ", ".join(map(str, spec.input_shape))
    module = "isthmus" if isinstance(run.net, CrossModalNet) else SPECIALISTS
    facts = "\n".join(f"| {title} | {value} | {note} |" for title, value, note in page.facts)
    parts = [
        f"---\n{yaml.safe_dump(_metadata(run, name), sort_keys=False, allow_unicode=True)}---\n",
        f"# {page.title}\n\n{page.about} Made with isthmus {__version__}.\n",
        f"| | | |\n| --- | --- | --- |\n{facts}\n",
        USE.format(module=module, net=type(run.net).__name__, name=name, shape=shape),
        INTENDED.format(kind=spec.kind, shape=f"[{shape}]"),
    ]
    make_folder(folder / FIGURES)
    for section in page.sections:
        if section.title not in LEFT_OUT:
            parts += _section(section, folder)
    parts.append(f"## Citation\n\n```bibtex\n{cite(run)}```\n")
    write_text(folder / CARD, "\n".join(parts))
    return folder / CARD


def _section(section: Section, folder: Path) -> Iterator[str]:
    """Write the figures of a section, and yield its parts in Markdown."""
    yield f"## {section.title}\n"
    yield from (f"{text}\n" for text in section.text)
    for drawing in section.drawings:
        with atomic_write(folder / FIGURES / f"{drawing.name}.png") as part:
            part.write_bytes(as_bytes(drawing.figure, "png"))
        yield f"![{drawing.alt}]({FIGURES}/{drawing.name}.png)\n\n*{drawing.caption}*\n"
    yield from map(to_markdown, section.tables)


def _metadata(run: Run, name: str) -> Mapping[str, Any]:
    """Return what the hub reads of a card: library, tags, the backbone, and the test error."""
    result, summary = run.result, read_summary(run.folder)
    found: dict[str, Any] = {"library_name": "isthmus", "tags": ["isthmus", "cross-modal", result["method"]]}
    if "/" in result["backbone"] and not Path(result["backbone"]).exists():
        found["base_model"] = result["backbone"]
    if result["error"] is not None:
        kind = summary["kind"] if summary is not None else "prediction"
        found["model-index"] = [
            {
                "name": name.rpartition("/")[2],
                "results": [
                    {
                        "task": {"type": kind},
                        "dataset": {"name": result["task"], "type": result["task"]},
                        "metrics": [{"type": result["metric"], "value": result["error"], "name": "test"}],
                    }
                ],
            }
        ]
    return found
