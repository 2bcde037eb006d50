"""Backbones with names of their own, and their registry; neither imports a network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.registry import LazyRegistry

DEFAULT_SOURCES = {"image": "procedural", "text": "stdlib-text"}
LEARNING_RATE = 1e-4
"""Learning rate for fine-tuning where a backbone recommends no other"""


@dataclass(frozen=True)
class NamedBackbone:
    """A backbone with a name of its own, as `named[name]`.

    Attributes:
        name: Name of the backbone.
        about: One line: architecture and training data.
        modality: "image" or "text".
        folder: Function that finds its Hugging Face folder; raises InputError if there is none.
        learning_rate: Recommended learning rate for fine-tuning.
        readout: Recommended readout: `last` or `stages`.
        image_size: Recommended height and width of pictures; None for the configuration's, and for text.
        lr_scale: Recommended factors on the learning rate, by part of the network.
        references: Papers to cite for its weights, beside those of its family.
    """

    name: str
    about: str
    modality: str
    folder: Callable[[], Path] = field(repr=False)
    learning_rate: float = LEARNING_RATE
    readout: str = "last"
    image_size: int | None = None
    lr_scale: Mapping[str, float] = field(default_factory=dict)
    references: tuple[str, ...] = ()

    @property
    def default_source(self) -> str:
        """Name of the source of its modality."""
        return DEFAULT_SOURCES[self.modality]


named: LazyRegistry[NamedBackbone] = LazyRegistry("backbone", "isthmus.backbones", variable="named")
