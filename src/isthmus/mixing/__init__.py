"""Intermediate modalities: which tokens are replaced, by which, and how many as training goes on.

Knows tensors only, no model and no task: it can be lifted out and used alone.
"""

from isthmus.mixing.curriculum import CURRICULA, Curriculum, curriculum
from isthmus.mixing.mixer import Mixer, mixers
from isthmus.mixing.replacement import replace_patches
from isthmus.mixing.selection import Selection, complement, count, gumbel_top_k, relaxed_top_k, top_k

__all__ = [
    "CURRICULA",
    "Curriculum",
    "Mixer",
    "Selection",
    "complement",
    "count",
    "curriculum",
    "gumbel_top_k",
    "mixers",
    "relaxed_top_k",
    "replace_patches",
    "top_k",
]
