"""What to cite for a run: isthmus, the method, the data, the backbone, the source and the libraries."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from isthmus.backbones import families, named
from isthmus.bibliography import as_bibtex
from isthmus.config.plain_text import read_json
from isthmus.methods import NONE, methods
from isthmus.reports.section import Section, make_table
from isthmus.sources import sources
from isthmus.tasks import tasks
from isthmus.training import Run
from isthmus.training.run_folder import MODEL

FILE = "CITATION.cff"
PLACES = (Path(__file__).parents[1] / FILE, Path(__file__).parents[3] / FILE)
"""In an installed package, and in a checkout"""

LIBRARIES = {
    "torch": "A. Paszke et al. (2019), PyTorch: an imperative style, high-performance deep learning library, "
    "NeurIPS",
    "numpy": "C. R. Harris et al. (2020), Array programming with NumPy, Nature 585",
    "lightning": "W. Falcon, The PyTorch Lightning team (2019), PyTorch Lightning, Zenodo, "
    "doi:10.5281/zenodo.3828935",
    "transformers": "T. Wolf et al. (2020), Transformers: state-of-the-art natural language processing, "
    "EMNLP",
    "POT": "R. Flamary et al. (2021), POT: Python optimal transport, JMLR 22",
    "peft": "S. Mangrulkar et al. (2022), PEFT: state-of-the-art parameter-efficient fine-tuning methods, "
    "https://github.com/huggingface/peft",
    "aeon": "M. Middlehurst et al. (2024), aeon: a Python toolkit for learning from time series, JMLR 25",
    "neuraloperator": "J. Kossaifi et al. (2024), A library for learning neural operators, arXiv:2412.10354",
    "DeepXDE": "L. Lu, X. Meng, Z. Mao, G. E. Karniadakis (2021), DeepXDE: a deep learning library for "
    "solving differential equations, SIAM Review 63",
    "scikit-learn": "F. Pedregosa et al. (2011), Scikit-learn: machine learning in Python, JMLR 12",
}
"""References of the packages that methods and data name as theirs"""


def cite(run: str | Path | Run) -> str:
    """Return the BibTeX of exactly what a run used: method, data, backbone, source and libraries.

    Args:
        run: Finished run, or its folder.

    Raises:
        InputError: If it is no finished run.
    """
    run = run if isinstance(run, Run) else Run(Path(run))
    return as_bibtex([("isthmus", as_text(read_citation())), *run_references(run)])


def citation_section(run: Run) -> Section:
    """Tell what to cite for a run."""
    text = [] if run.result["task"] in tasks else ["The data is your own."]
    text.append("`isthmus cite` prints the same as BibTeX.")
    rows = [("isthmus", as_reference(read_citation())), *run_references(run)]
    return Section("Citation", text, tables=[make_table("", (), rows)])


def run_references(run: Run) -> Iterator[tuple[str, str]]:
    """Yield what to cite for a run beside isthmus, and for what."""
    result = run.result
    task, method, source = (str(result.get(part)) for part in ("task", "method", "source"))
    libraries = [name for base in _bases(method) for name in vars(base).get("libraries", ())]
    yield from ((f"method {method}", text) for text in _of_method(method))
    if task in tasks:
        yield from ((f"task {task}", text) for text in tasks[task].references)
        libraries += tasks[task].libraries
    if result["backbone"] != NONE:
        name = Path(result["backbone"]).name
        yield from ((f"backbone {name}", text) for text in _of_backbone(run))
    if source in sources:
        yield from ((f"source {source}", text) for text in sources[source].references)
    libraries += ["scikit-learn"] if result.get("floors") else []
    for library in dict.fromkeys(libraries):
        yield f"library {library}", LIBRARIES.get(library, library)


def citation_rows(task_names: Sequence[str], method_names: Sequence[str]) -> list[tuple[str, str]]:
    """Return what to cite for a grid, and for what: isthmus, methods, tasks that are known by name."""
    rows = [("isthmus", as_reference(read_citation()))]
    for method in dict.fromkeys(method_names):
        about = (methods[method].__doc__ or "").strip().splitlines()[:1] if method in methods else []
        rows += [(f"method {method}", text) for text in _of_method(method) or about]
    for task in [name for name in dict.fromkeys(task_names) if name in tasks]:
        rows += [(f"task {task}", text) for text in tasks[task].references]
    return rows


def _of_method(method: str) -> tuple[str, ...]:
    """Return the references of a method; none of one that an uninstalled plug-in has added."""
    return methods[method].references if method in methods else ()


def _bases(method: str) -> Sequence[type]:
    """Return the class of a method and its bases, the most general first."""
    return methods[method].__mro__[::-1] if method in methods else ()


def _of_backbone(run: Run) -> tuple[str, ...]:
    """Return the references of the weights, if they have a name, and of their family."""
    config = run.folder / MODEL / "backbone" / "config.json"
    kind = str(read_json(config, dict[str, Any])["model_type"]) if config.is_file() else ""
    name = run.result["backbone"]
    of_weights = named[name].references if name in named else ()
    return of_weights + (families[kind].references if kind in families else ())


def read_citation() -> dict[str, Any]:
    """Read the `CITATION.cff` of isthmus."""
    path = next(path for path in PLACES if path.is_file())
    citation: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return citation


def as_text(entry: Mapping[str, Any]) -> str:
    """Return an entry of a CITATION.cff in the form of the other references."""
    year = str(entry["date-released"])[:4]
    return f"{_people(entry)} ({year}), {entry['title']}, version {entry['version']}"


def as_reference(entry: Mapping[str, Any]) -> str:
    """Return an entry of a CITATION.cff as a line: authors, title, version, year."""
    year = str(entry["date-released"])[:4]
    return f"{_people(entry)}. {entry['title']}. version {entry['version']}. {year}."


def _people(entry: Mapping[str, Any]) -> str:
    """Return the authors of an entry."""
    names = (
        " ".join(filter(None, [p.get("given-names"), p.get("family-names", p.get("name"))]))
        for p in entry["authors"]
    )
    return ", ".join(names)
