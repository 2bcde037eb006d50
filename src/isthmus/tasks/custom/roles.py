"""Names by which people and libraries call x and y: `X_train`, `y_test`, `data`, `target`, `train/labels`."""

import re
from collections.abc import Iterable, Mapping

SIDES: Mapping[str, str] = {
    "x": "x",
    "data": "x",
    "samples": "x",
    "inputs": "x",
    "signals": "x",
    "features": "x",
    "images": "x",
    "y": "y",
    "target": "y",
    "targets": "y",
    "label": "y",
    "labels": "y",
}
"""Words for samples and for targets; where a file has several, the first is taken"""
PARTS: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "tr": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "te": "test",
}
"""Words for parts of the data"""


COORDINATES = frozenset({"coordinate", "coordinates", "coord", "coords", "axis"})
"""Words of names of positions rather than of samples: `x-coordinate`"""


def listed_as(name: str, dimensions: Iterable[str]) -> str:
    """Return the name under which an array is listed: a coordinate called `x` or `y` is neither."""
    is_coordinate = tuple(dimensions) == (name,) and role(name) is not None
    return f"{name} (coordinate)" if is_coordinate else name


def role(name: str) -> tuple[str, str] | None:
    """Return what a name says: what stands before, and `x` or `y` with a part, as `x_train`; or None.

    `X`, `x_train`, `Y_Test`, `train/labels`, `trainX` and `ecg.Data` have a role; `spectra` has none.
    """
    before, _, last = _separated(name).lower().rpartition(".")
    words, outer = _words(last), _words(before)
    if SIDES.keys() & {*words}:
        outer = [word for word in outer if word not in SIDES]  # `data.labels` are labels
    words = [*outer, *words]
    if COORDINATES & {*words}:
        return None
    sides = [word for word in words if word in SIDES]
    parts = [word for word in words if word in PARTS]
    if len(sides) != 1 or len(parts) > 1:
        return None
    others = [word for word in words if word not in SIDES and word not in PARTS]
    return " ".join(others), "_".join([SIDES[sides[0]], *(PARTS[part] for part in parts)])


def roles(names: Iterable[str]) -> dict[str, str]:
    """Return the name of each role; a name that says a role and nothing else goes before others.

    Names that say more have a role only together: `ecg_x` beside `ecg_y`, not `ecg_x` beside `eeg_y`.
    """
    spelt: dict[str, dict[str, str]] = {}
    for name in sorted(names, key=_rank):
        said = role(name)
        if said is not None:
            spelt.setdefault(said[0], {}).setdefault(said[1], name)
    groups = [group for prefix, group in spelt.items() if prefix == "" or len(spelt) == 1]
    return groups[0] if groups else {}


def _rank(name: str) -> int:
    """Return the place of a name among others of its role."""
    words = re.split(r"[^a-z0-9]+", _separated(name).lower())
    return min((list(SIDES).index(word) for word in words if word in SIDES), default=len(SIDES))


def _separated(name: str) -> str:
    """Return a name with its words separated: `trainX` is `train X`, `Xtrain` and `xtrain` are `x train`."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    name = re.sub(r"(?i)^([xy])(train|tr|valid|val|test|te)$", r"\1 \2", name)
    return re.sub(r"(?i)^(train|valid|val|test)([xy])$", r"\1 \2", name)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name) if word]
