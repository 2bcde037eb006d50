"""Compressible Navier-Stokes on a line, from t = 0 to 1; the last of every fifth time.

Density, pressure and velocity are laid end to end in one channel of 3,072.
"""

from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, pdebench
from isthmus.tasks.pdebench.pairs import stacked_pairs

pdebench(
    "navier-stokes1d",
    "a gas in motion: its density, pressure and velocity at t = 1",
    file=File("1D_CFD_Rand_Eta0.1_Zeta0.1_periodic_Train.hdf5", f"{DARUS}/164668", 12_400),
    pairs=stacked_pairs(times=101, target=100, variables=("density", "pressure", "Vx")),
    size=(3072,),
    samples=10_000,
    note="input: density, pressure and velocity at t = 0, end to end; target: the same at t = 1",
    loss="rmse",
)
