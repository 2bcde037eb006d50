"""Handwritten digits that come with scikit-learn: 1,797 pictures of 8 x 8 points.

The training pictures are a fixed stratified choice with seed 0; all others are the test set.
"""

from pathlib import Path

import numpy as np

from isthmus.tasks.loading import TaskEntry, tasks
from isthmus.tasks.task import Split, Task, split_validation

SOURCE = "E. Alpaydin, C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI (doi:10.24432/C50P49)"


def digits(name: str, training: int, about: str) -> None:
    """Register the task of learning the digits from some training pictures.

    Args:
        name: Name of the task.
        training: Number of training pictures.
        about: One line about the task.
    """

    def load(root: Path | None) -> Task:
        from sklearn.datasets import load_digits

        data = load_digits()
        pictures = Split((data.images / 16)[:, None].astype(np.float32), data.target)
        fraction = 1 - training / len(pictures)
        train, test = split_validation(pictures, fraction, seed=0, stratify=True)
        assert test is not None
        return Task.from_arrays(train.x, train.y, test.x, test.y, name=name, about=about)

    shape = f"[1, 8, 8] -> [10], {training} train, {1797 - training} test"
    tasks.register(name)(
        TaskEntry(
            name=name,
            about=about,
            kind="classification",
            shape=shape,
            reference=SOURCE,
            libraries=("scikit-learn",),
            load=load,
        )
    )


digits("digits", 1000, "handwritten digits, grey pictures: which digit")
digits("digits100", 100, "handwritten digits, grey pictures: which digit, from 100 training pictures")
