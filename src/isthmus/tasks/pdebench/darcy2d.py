"""Darcy flow: -div(a grad u) = 0.1, from the conductivity a to the pressure u; every second point."""

from isthmus.pde.hdf5_layouts import Stacked, State
from isthmus.store import File
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import Pairs

register_task(
    "darcy2d",
    "a ground with islands of another kind: the pressure of the water that flows through it",
    file=File("2D_DarcyFlow_beta0.1_Train.hdf5", f"{DARUS}/133218", 1_300),
    pairs=Pairs(
        Stacked(),
        inputs=(State("nu", {"x": None, "y": None}, ()),),
        targets=(State("tensor", {"t": 1, "x": None, "y": None}, (0,)),),
        test_first=True,
        stride=2,
    ),
    size=(64, 64),
    samples=10_000,
    note="input: conductivity; target: pressure; every second point along both axes",
)
