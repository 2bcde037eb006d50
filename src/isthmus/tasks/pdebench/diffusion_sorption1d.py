"""Diffusion and sorption: a substance that seeps into a porous ground, from t = 0 to 500."""

from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import grouped_pairs

register_task(
    "diffusion-sorption1d",
    "a substance that seeps into a ground which binds it: how far it is at t = 500",
    file=File("1D_diff-sorp_NA_NA.h5", f"{DARUS}/133020", 4_200),
    pairs=grouped_pairs(("x",)),
    size=(1024,),
    samples=10_000,
    note="input: u at t = 0; target: u at t = 500",
)
