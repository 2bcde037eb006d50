"""Figures of every epoch, as data."""

import math

from isthmus.training.callbacks import read_rows, write_rows


def test_round_trip(tmp_path):
    rows = [{"epoch": 1, "loss": 1 / 3}, {"epoch": 2, "loss": math.inf, "val_error": 0.0}]
    write_rows(tmp_path / "metrics.csv", rows)
    assert read_rows(tmp_path / "metrics.csv") == rows
    assert (tmp_path / "metrics.csv").read_text().splitlines()[0] == "epoch,loss,val_error"
