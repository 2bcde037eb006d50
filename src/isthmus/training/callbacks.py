"""What happens beside the training steps: the history, checkpoints, a progress bar."""

import csv
import io
import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Checkpoint
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from isthmus.errors import InputError
from isthmus.files import write_text
from isthmus.model.evaluation import evaluate

log = logging.getLogger("isthmus")

CONSOLE = Console(stderr=True)
LAST, BEST = "last.safetensors", "best.safetensors"


class History(Checkpoint):
    """Figures of every epoch, written to `metrics.csv`, a row for each.

    The rows and the time that training took are kept in the checkpoint, so a resumed run ends with the same
    file as one that was not cut off. It is a `Checkpoint` callback because those are called last, when the
    averages of the epoch are known.

    Args:
        path: CSV file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self.seconds = 0.0
        self._since = time.monotonic()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: Any) -> None:
        """Add the epoch's row and write the file anew."""
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch + 1, "step": trainer.global_step}
        if not math.isfinite(figures["loss"]):
            raise InputError(
                f"the loss is {figures['loss']} in epoch {row['epoch']}; give a lower lr, or more warmup",
                key="lr",
            )
        if not math.isfinite(figures.get("val_loss", 0.0)):
            evaluate(pl_module.net, pl_module.run.task, pl_module.run.validation)  # says which sample it is
            pl_module.net.train()
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

    def kept(self, *, best: bool) -> dict[str, float]:
        """Return the row of the epoch whose weights are kept: the best on validation, or the last."""
        return min(self.rows, key=validation_rank) if best else self.rows[-1]

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run must know."""
        return {"rows": self.rows, "seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where the checkpoint was written."""
        self.rows, self.seconds = state_dict["rows"], state_dict["seconds"]


class Checkpoints(Checkpoint):
    """A checkpoint after each epoch; the best on validation is kept beside the last.

    Args:
        folder: Directory of the checkpoints.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.best: tuple[float, float] | None = None

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save; the best first, so that the last one knows of it."""
        if "val_error" in trainer.callback_metrics:
            now = validation_rank(trainer.callback_metrics)
            if self.best is None or now < self.best:
                self.best = now
                trainer.save_checkpoint(self.folder / BEST)
        trainer.save_checkpoint(self.folder / LAST)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run must know."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where the checkpoint was written."""
        self.best = None if state_dict["best"] is None else tuple(state_dict["best"])


def validation_rank(figures: Mapping[str, Tensor | float]) -> tuple[float, float]:
    """Return what epochs are ordered by: the validation error, then the loss; lower is better."""
    error, loss = (float(figures[name]) for name in ("val_error", "val_loss"))
    return (math.inf if math.isnan(error) else error, math.inf if math.isnan(loss) else loss)


class ProgressLine(L.Callback):
    """One line on the terminal over the whole training: loss, validation error, k and the time left.

    Args:
        title: What is being trained.
    """

    def __init__(self, title: str) -> None:
        self.bar = Progress(
            TextColumn(title),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=CONSOLE,
        )

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Show the bar, from where a resumed run goes on."""
        assert trainer.max_epochs is not None
        steps = trainer.num_training_batches
        done = trainer.current_epoch * int(steps)
        self.line = self.bar.add_task("", total=trainer.max_epochs * steps, completed=done, figures="")
        if trainer.is_global_zero:
            self.bar.start()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar by one step."""
        shown = {
            "loss": outputs["loss"],
            "val error": trainer.callback_metrics.get("val_error"),
            "k": outputs.get("k"),
        }
        figures = "  ".join(
            f"{name} {float(value):.4g}" for name, value in shown.items() if value is not None
        )
        self.bar.update(self.line, advance=1, figures=figures)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Leave the line as it is."""
        self.bar.stop()

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        """Give the terminal back."""
        self.bar.stop()


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
