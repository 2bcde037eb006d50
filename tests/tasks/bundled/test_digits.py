"""scikit-learn's digits, cut the same way on every machine."""

import zlib

import numpy as np
import pytest

from isthmus.tasks import load_task, tasks


@pytest.mark.parametrize(("name", "training"), [("digits", 1000), ("digits100", 100)])
def test_digits_are_split_once_and_for_all(name: str, training: int) -> None:
    task = load_task(name)
    assert task.shape == tasks[name].shape
    assert (task.train.x.shape, len(task.test)) == ((training, 1, 8, 8), 1797 - training)
    assert (task.train.x.min(), task.train.x.max()) == (0, 1)
    assert task.classes == tuple(range(10))
    shares = np.bincount(np.concatenate([task.train.y, task.test.y])) / 1797
    assert abs(np.bincount(task.train.y) - training * shares).max() <= 1
    assert len(np.unique(np.concatenate([task.train.x, task.test.x]), axis=0)) == 1797


def test_the_hundred_training_pictures_stay_the_same() -> None:
    assert zlib.crc32(load_task("digits100").train.x.tobytes()) == 1344066375
