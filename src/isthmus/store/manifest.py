"""The card of prepared data: what is in its folder, and what it was made from."""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from isthmus.errors import InputError
from isthmus.files import write_text

CARD = "card.json"


class FileManifest(BaseModel):
    """A published file as it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int
    sha256: str


class ArrayManifest(BaseModel):
    """An array as it was written; the hash is of its values, row after row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float
    sha256: str


class Manifest(BaseModel):
    """What prepared data is: `card.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Literal[1] = 1
    name: str = Field(validation_alias=AliasChoices("name", "task"))  # as it was called at first
    synthetic: bool
    files: dict[str, FileManifest]
    arrays: dict[str, ArrayManifest]

    @property
    def digest(self) -> str:
        """Hash of all arrays."""
        return hashlib.sha256("".join(a.sha256 for _, a in sorted(self.arrays.items())).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Write the card; data without one is not whole."""
        write_text(folder / CARD, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read what `write` wrote.

        Raises:
            InputError: if there is none, or it is damaged or of another layout.
        """
        path = folder / CARD
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"'{folder}' holds no prepared data: {CARD} is missing") from None
        except (ValidationError, UnicodeDecodeError):
            raise InputError(f"'{path}' is damaged or of another version; prepare the data again") from None
