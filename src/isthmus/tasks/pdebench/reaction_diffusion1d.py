"""Reaction and diffusion on a line: u_t = u_xx / 2 + u (1 - u), from t = 0 to 0.29, the thirtieth time."""

from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import stacked_pairs

register_task(
    "reaction-diffusion1d",
    "something that spreads and grows on a line: how much there is at t = 0.29",
    file=File("ReacDiff_Nu0.5_Rho1.0.hdf5", f"{DARUS}/133177", 4_100),
    pairs=stacked_pairs(times=101, target=29),
    size=(1024,),
    samples=10_000,
    note="input: u at t = 0; target: u at t = 0.29, the thirtieth time",
)
