"""The figures of every epoch, as data: what is drawn later can be drawn again from the run folder."""

import csv
import io
import logging
import math
import time
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Checkpoint

from isthmus.errors import InputError
from isthmus.files import write_text

log = logging.getLogger("isthmus")


class History(Checkpoint):
    """Writes `metrics.csv`, a row for each epoch.

    The rows travel in the checkpoint, so a resumed run ends with the same file as one that was not
    cut off; so does the time that training took. A `Checkpoint` callback because those are called last,
    when the averages of the epoch are known.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self.seconds = 0.0
        self._since = time.monotonic()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Add the epoch's row and write the file anew."""
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step}
        if not math.isfinite(figures["loss"]):
            raise InputError(
                f"the loss is {figures['loss']} in epoch {row['epoch']}; give a lower lr, or more warmup"
            )
        row["lr"] = trainer.optimizers[0].param_groups[0]["lr"]
        self.add({**row, **figures}, write=trainer.is_global_zero)

    def add(self, row: dict[str, float], write: bool = True) -> None:
        """Add a row, and the time since the last one; write the file anew."""
        now = time.monotonic()
        self.seconds, self._since = self.seconds + now - self._since, now
        self.rows.append(row)
        if write:
            write_rows(self.path, self.rows)
            figures = ", ".join(f"{name} {value:.4g}" for name, value in row.items() if name != "epoch")
            log.info("epoch %d: %s", row["epoch"], figures)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {"rows": self.rows, "seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where the checkpoint was written."""
        self.rows, self.seconds = state_dict["rows"], state_dict["seconds"]


def write_rows(path: Path, rows: list[dict[str, float]]) -> None:
    """Write rows of named figures as CSV."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_rows(path: Path) -> list[dict[str, float]]:
    """Read what `write_rows` wrote; a figure that an epoch lacks is left out."""
    with open(path, newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
