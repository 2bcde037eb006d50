"""Compressible Navier-Stokes on a line, from t = 0 to 1.

Density, pressure and velocity are concatenated in one channel of 3,072. The target's time, index 100, is the
last of every fifth time.
"""

from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import stacked_pairs

register_task(
    "navier-stokes1d",
    "a gas in motion: its density, pressure and velocity at t = 1",
    file=File("1D_CFD_Rand_Eta0.1_Zeta0.1_periodic_Train.hdf5", f"{DARUS}/164668", 12_400),
    pairs=stacked_pairs(times=101, target=100, fields=("density", "pressure", "Vx")),
    size=(3072,),
    samples=10_000,
    note="input: density, pressure and velocity at t = 0, end to end; target: the same at t = 1",
    loss="rmse",
)
