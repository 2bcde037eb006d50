"""The manifest of prepared data: what is in its folder, and which files it was made from."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, NonNegativeInt

from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.files import write_text

MANIFEST = "card.json"
"""File name of the manifest, which messages call the card."""


def _known_dtype(name: str) -> str:
    try:
        np.dtype(name)
    except TypeError as error:
        raise ValueError(str(error)) from None
    return name


class FileManifest(BaseModel):
    """A published file as it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: NonNegativeInt
    sha256: str


class ArrayManifest(BaseModel):
    """An array as it was written; the hash is that of its values, row after row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)]
    dtype: Annotated[str, AfterValidator(_known_dtype)]
    low: float
    high: float
    sha256: str


class Manifest(BaseModel):
    """The content of `card.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Literal[1] = 1
    name: str = Field(validation_alias=AliasChoices("name", "task"))  # the first version wrote `task`
    synthetic: bool
    files: dict[str, FileManifest]
    arrays: dict[str, ArrayManifest]

    @property
    def digest(self) -> str:
        """Hash of all arrays."""
        return hashlib.sha256("".join(a.sha256 for _, a in sorted(self.arrays.items())).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write the manifest; prepared data without one is incomplete."""
        write_text(folder / MANIFEST, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read the manifest of a folder.

        Raises:
            InputError: If there is none, or it is damaged or of another layout.
        """
        path = folder / MANIFEST
        if not path.exists():
            raise InputError(
                f"'{folder}' holds no prepared data: {MANIFEST} is missing", kind="file", key=folder
            )
        return read_json(path, cls, "prepare the data again")
