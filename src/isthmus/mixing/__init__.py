"""Intermediate modalities: which tokens are replaced, by which, and how many as training goes on.

This package knows tensors only, no model and no task: it can be lifted out and used alone.
"""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names
from isthmus.mixing.curriculum import CURRICULA, Curriculum, curriculum  # not the module of that name
from isthmus.mixing.mixer import Mixer, mixers

if TYPE_CHECKING:
    from isthmus.mixing.replacement import (
        Selection,
        gumbel_top_k,
        noisy_top_k,
        relaxed_top_k,
        replace_patches,
        top_k,
    )

__all__ = [
    "CURRICULA",
    "Curriculum",
    "Mixer",
    "Selection",
    "curriculum",
    "gumbel_top_k",
    "mixers",
    "noisy_top_k",
    "relaxed_top_k",
    "replace_patches",
    "top_k",
]

__getattr__ = lazy_names(__name__)
