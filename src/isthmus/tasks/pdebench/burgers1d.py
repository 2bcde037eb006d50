"""Burgers: u_t + (u^2 / 2)_x = u_xx / pi, from t = 0 to 2.

The target's time, index 200, is the last of every fifth time.
"""

from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import stacked_pairs

register_task(
    "burgers1d",
    "a wave that steepens and is worn down: what is left of it at t = 2",
    file=File("1D_Burgers_Sols_Nu1.0.hdf5", f"{DARUS}/281365", 8_200),
    pairs=stacked_pairs(times=201, target=200),
    size=(1024,),
    samples=10_000,
    note="input: u at t = 0; target: u at t = 2",
    loss="rmse",
)
