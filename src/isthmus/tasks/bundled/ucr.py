"""Small real time series from the UCR, UEA and TSER archives, which come with the package aeon.

Training and test data are those of the archives. Series of different lengths (JapaneseVowels,
PickupGestureWiimoteZ) are resampled to the longest training series.
"""

from pathlib import Path

import numpy as np

from isthmus.errors import InputError
from isthmus.tasks.loading import TaskEntry, tasks
from isthmus.tasks.task import Task

ARCHIVE = "timeseriesclassification.com"


def archive(name: str, kind: str, shape: str, about: str, source: str) -> None:
    """Register one of the data sets that come with aeon.

    Args:
        name: Name of the data set and of the task.
        kind: A name in `problem_types`.
        shape: What `Task.shape` returns once the data is loaded.
        about: One line about the task.
        source: Reference of the data.
    """

    def load(root: Path | None) -> Task:
        x_train, y_train = _read(name, "TRAIN")
        x_test, y_test = _read(name, "TEST")
        return Task.from_arrays(x_train, y_train, x_test, y_test, kind=kind, name=name, about=about)

    reference = f"{source}; {ARCHIVE}"
    tasks.register(name)(
        TaskEntry(
            name=name,
            about=about,
            kind=kind,
            shape=shape,
            reference=reference,
            libraries=("aeon",),
            load=load,
        )
    )


def _read(name: str, part: str) -> tuple[np.ndarray | list[np.ndarray], np.ndarray]:
    """Read series [N, C, L], or a list of [C, L_i] where lengths differ, and their labels or numbers [N]."""
    try:
        import aeon
        from aeon import datasets
    except ImportError:
        raise InputError(
            f"the task '{name}' is read from the package aeon: pip install isthmus[ucr]",
            kind="dependency",
            key="aeon",
        ) from None
    file = Path(datasets.__file__).parent / "data" / name / f"{name}_{part}.ts"
    if not file.exists():
        raise InputError(
            f"aeon {aeon.__version__} does not carry '{name}': pip install isthmus[ucr]",
            kind="dependency",
            key="aeon",
        )
    x, y = datasets.load_from_ts_file(str(file))
    try:
        return x, y.astype(np.float64)  # Classes written as numbers are then sorted 1, 2, 10.
    except ValueError:
        return x, y


archive(
    "ACSF1",
    "classification",
    "[1, 1460] -> [10], 100 train, 100 test",
    "power drawn by home appliances: which of ten kinds of appliance",
    "C. Gisler et al. (2013), Appliance consumption signature database, WoSSPA",
)
archive(
    "ArrowHead",
    "classification",
    "[1, 251] -> [3], 36 train, 175 test",
    "outlines of arrowheads as angles: Avonlea, Clovis or a mix",
    "L. Ye, E. Keogh (2009), Time series shapelets: a new primitive for data mining, KDD",
)
archive(
    "BasicMotions",
    "classification",
    "[6, 100] -> [4], 40 train, 40 test",
    "accelerometer and gyroscope of a smart watch: standing, walking, running or badminton",
    "A. Bagnall et al. (2018), The UEA multivariate time series classification archive, arXiv:1811.00075",
)
archive(
    "CardanoSentiment",
    "regression",
    "[2, 24] -> [1], 74 train, 33 test",
    "hourly price and traded volume of a cryptocurrency over a day: how news of that day felt, -1 to 1",
    "D. Guijo-Rubio et al. (2024), Unsupervised feature based algorithms for time series extrinsic "
    "regression, Data Mining and Knowledge Discovery",
)
archive(
    "Covid3Month",
    "regression",
    "[1, 84] -> [1], 140 train, 61 test",
    "daily confirmed COVID-19 cases of a country over three months: its death rate on 1 April 2020",
    "C. W. Tan et al. (2021), Time series extrinsic regression, Data Mining and Knowledge Discovery 35",
)
archive(
    "Covid3Month_disc",
    "classification",
    "[1, 84] -> [3], 140 train, 61 test",
    "Covid3Month with the death rate cut in three: none, below 5 %, above",
    "C. W. Tan et al. (2021), Time series extrinsic regression, Data Mining and Knowledge Discovery 35",
)
archive(
    "GunPoint",
    "classification",
    "[1, 150] -> [2], 50 train, 150 test",
    "position of a hand that draws a gun (1) or only points (2)",
    "C. A. Ratanamahatana, E. Keogh (2005), Three myths about dynamic time warping data mining, SDM",
)
archive(
    "ItalyPowerDemand",
    "classification",
    "[1, 24] -> [2], 67 train, 1029 test",
    "hourly power demand of Italy over a day: October to March, or April to September",
    "E. Keogh et al. (2006), Intelligent icons: integrating lite-weight data mining and visualization into "
    "GUI operating systems, ICDM",
)
archive(
    "JapaneseVowels",
    "classification",
    "[12, 26] -> [9], 270 train, 370 test",
    "linear prediction coefficients of a spoken /ae/: which of nine speakers",
    "M. Kudo, J. Toyama, M. Shimbo (1999), Multidimensional curve classification using passing-through "
    "regions, Pattern Recognition Letters 20",
)
archive(
    "OSULeaf",
    "classification",
    "[1, 427] -> [6], 200 train, 242 test",
    "outlines of leaves: which of six species of maple and oak",
    "A. Gandhi (2002), Content-based image retrieval: plant species identification, Oregon State University",
)
archive(
    "PickupGestureWiimoteZ",
    "classification",
    "[1, 361] -> [10], 50 train, 50 test",
    "acceleration along one axis of a game controller that is picked up: which of ten people",
    "J. Guna, I. Humar, M. Pogacnik (2012), Intuitive gesture based user identification system, TSP",
)
