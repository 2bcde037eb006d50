"""Shallow water: a round dam breaks, from t = 0 to 1."""

from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import grouped_pairs

register_task(
    "shallow-water2d",
    "a round dam that breaks: the height of the water at t = 1",
    file=File("2D_rdb_NA_NA.h5", f"{DARUS}/133021", 6_600),
    pairs=grouped_pairs(("x", "y")),
    size=(128, 128),
    samples=1_000,
    note="input: height at t = 0; target: height at t = 1",
)
