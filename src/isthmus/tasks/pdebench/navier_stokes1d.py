"""Compressible Navier-Stokes on a line, from t = 0 to 1.

Density, pressure and velocity are concatenated in one channel of 3,072. The target's time, index 100, is the
last of every fifth time. As published, inputs and targets are both standardised at each point, by mean and
deviation of the training inputs, and neither loss nor metric goes back to the units of the file: there,
pressure would be nearly all of the error. Two further channels of y after the target are this mean and
deviation.
"""

import numpy as np

from isthmus.store import File, Store
from isthmus.tasks.pdebench.common import DARUS, register_task
from isthmus.tasks.pdebench.pairs import PARTS, stacked_pairs
from isthmus.tasks.scaling import by_point
from isthmus.tasks.task import Split

EPSILON = 1e-5
"""Published addition to deviations"""


def standardised(store: Store) -> tuple[Split, Split, Split]:
    """Return the samples in units of the training inputs' deviation at each point."""
    mean, std = by_point(store["train_x"])
    planes = np.stack([mean, std + EPSILON], 1).astype(np.float32)

    def inputs(rows: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (rows - planes[:, 0]) / planes[:, 1]
        return scaled

    def targets(rows: np.ndarray) -> np.ndarray:
        scale = np.broadcast_to(planes[0], (len(rows), *planes.shape[1:]))
        return np.concatenate([inputs(rows), scale], 1)

    train, validation, test = (
        Split(store.changed(f"{part}_x", inputs), store.changed(f"{part}_y", targets)) for part in PARTS
    )
    return train, validation, test


register_task(
    "navier-stokes1d",
    "a gas in motion: its density, pressure and velocity at t = 1",
    file=File("1D_CFD_Rand_Eta0.1_Zeta0.1_periodic_Train.hdf5", f"{DARUS}/164668", 12_400),
    pairs=stacked_pairs(times=101, target=100, fields=("density", "pressure", "Vx")),
    size=(3072,),
    samples=10_000,
    note="input: density, pressure and velocity at t = 0, end to end; target: the same at t = 1",
    loss="rmse",
    splits=standardised,
)
