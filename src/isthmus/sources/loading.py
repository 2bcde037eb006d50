"""Sources by name, and folders of samples by path."""

from pathlib import Path

from isthmus.errors import InputError
from isthmus.sources.folders import load_folder
from isthmus.sources.source import Source, sources


def check_source(name: str) -> None:
    """Raise InputError unless `name` is one of `sources`, or the path of a folder."""
    if not _is_folder(name):
        sources[name]


def load_source(name: str, modality: str, seed: int = 0, root: Path | None = None) -> Source:
    """Load a source by its name, or a folder of samples by its path.

    Args:
        name: Name in `sources`, or path of a folder.
        modality: Modality that the backbone reads.
        seed: Seed of a source that is drawn at random.
        root: Folder of all data.

    Raises:
        InputError: If no source has that name, it is of another modality, or its data is not there.
    """
    if _is_folder(name):
        return load_folder(Path(name).expanduser(), modality, seed)
    entry = sources[name]
    if entry.modality != modality:
        fitting = ", ".join(n for n, e in sources.items() if e.modality == modality)
        raise InputError(
            f"the source '{name}' is {entry.modality} and the backbone reads {modality}; fitting: {fitting}",
            kind="conflict",
            key="source",
        )
    return entry.load(root, seed)


def _is_folder(name: str) -> bool:
    """Return whether `name` means a folder; a registered name takes precedence over a folder of that name."""
    if name in sources:
        return False
    if Path(name).expanduser().is_dir():
        return True
    if len(Path(name).parts) > 1:
        raise InputError(f"there is no folder '{name}' to take as a source", kind="file", key=name)
    return False
