"""Small tables that come with scikit-learn, with the names of their columns.

A third of the rows, a fixed stratified choice with seed 0, is the test set.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from isthmus.tasks.loading import TaskEntry, tasks
from isthmus.tasks.task import Split, Task, split_validation


def table(name: str, read: Callable[[], Any], shape: str, about: str, source: str) -> None:
    """Register the task of telling the class of a row.

    Args:
        name: Name of the task.
        read: Function that returns scikit-learn's data set.
        shape: What `Task.shape` returns once the data is loaded.
        about: One line about the task.
        source: Reference of the data.
    """

    def load(root: Path | None) -> Task:
        found = read()
        rows = Split(found.data[:, None], found.target)
        train, test = split_validation(rows, 1 / 3, seed=0, stratify=True)
        assert test is not None
        task = Task.from_arrays(train.x, train.y, test.x, test.y, name=name, about=about)
        return replace(task, columns=tuple(str(column).replace("_", " ") for column in found.feature_names))

    tasks.register(name)(
        TaskEntry(
            name=name,
            about=about,
            kind="classification",
            shape=shape,
            reference=source,
            libraries=("scikit-learn",),
            load=load,
        )
    )


def wine() -> Any:
    """Read the wines."""
    from sklearn.datasets import load_wine

    return load_wine()


def breast_cancer() -> Any:
    """Read the measures of cells."""
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer()


table(
    "wine",
    wine,
    "[1, 13] -> [3], 119 train, 59 test",
    "a table of 13 chemical measures of wines: which of three cultivars",
    "S. Aeberhard, M. Forina (1992), Wine, UCI (doi:10.24432/C5PC7J)",
)
table(
    "breast-cancer",
    breast_cancer,
    "[1, 30] -> [2], 379 train, 190 test",
    "a table of 30 measures of cell nuclei in a picture: malignant or benign",
    "W. Wolberg, O. Mangasarian, N. Street, W. Street (1993), Breast Cancer Wisconsin (Diagnostic), UCI "
    "(doi:10.24432/C5DW2B)",
)
