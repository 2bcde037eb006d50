"""Reaction and diffusion on a square (FitzHugh-Nagumo), from t = 0 to 5.

As published, the input is the activator (the first variable) at the start alone, and the target is the
inhibitor (the second variable) at the end alone.
"""

from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import grouped_pairs

register_task(
    "reaction-diffusion2d",
    "activator and inhibitor on a square: from the one at the start the other at t = 5",
    file=File("2D_diff-react_NA_NA.h5", f"{DARUS}/133017", 13_200),
    pairs=grouped_pairs(("x", "y"), variables=2),
    size=(128, 128),
    samples=1_000,
    note="input: u, the first variable, at t = 0; target: v, the second, at t = 5",
)
