"""Advection: u_t + 0.4 u_x = 0, from t = 0 to 2, on every fourth point.

The target's time, index 200, is the last of every fifth time.
"""

from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import stacked_pairs

register_task(
    "advection1d",
    "a wave that is carried along: its shape when it has gone 0.8 of the way round",
    file=File("1D_Advection_Sols_beta0.4.hdf5", f"{DARUS}/255674", 8_200),
    pairs=stacked_pairs(times=201, target=200, stride=4),
    size=(256,),
    samples=10_000,
    note="input: u at t = 0; target: u at t = 2; every fourth point",
)
