"""Callbacks of the trainer: the history of a training, its checkpoints, its progress."""

import csv
import io
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Checkpoint
from torch import Tensor

from isthmus.errors import InputError
from isthmus.files import check_path, write_text
from isthmus.model.evaluation import evaluate
from isthmus.progress import Progress

log = logging.getLogger("isthmus")

LAST, BEST = "last.safetensors", "best.safetensors"


@dataclass
class StepTimes:
    """Times of training steps, summed up.

    Attributes:
        steps: Number of steps.
        samples: Samples in them, on all devices.
        seconds: Time that they took, with the wait for their batches.
        waited: Time in which the next batch was waited for.
    """

    steps: int = 0
    samples: int = 0
    seconds: float = 0.0
    waited: float = 0.0

    @property
    def samples_per_second(self) -> float:
        """Samples in a second; 0 before the first step."""
        return self.samples / self.seconds if self.seconds else 0.0

    @property
    def data_wait(self) -> float:
        """Share of the time in which a batch was waited for; 0 before the first step."""
        return self.waited / self.seconds if self.seconds else 0.0

    def figures(self) -> dict[str, float | None]:
        """Return what `result.json` holds of them; None where nothing was learnt by steps."""
        if not self.steps:
            return {"step_s": None, "samples_per_s": None, "data_wait": None}
        return {
            "step_s": round(self.seconds / self.steps, 6),
            "samples_per_s": round(self.samples_per_second, 1),
            "data_wait": round(self.data_wait, 4),
        }


class History(Checkpoint):
    """Figures of every epoch, written to `metrics.csv`, a row for each.

    The rows and the times that training took are kept in the checkpoint, so a resumed run ends with the same
    file as one that was not cut off. It is a `Checkpoint` callback because those are called last, when the
    averages of the epoch are known.

    Args:
        path: CSV file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self.seconds = 0.0
        self.times = StepTimes()
        self._since = self._step_since = time.monotonic()

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin to wait for the first batch."""
        self._step_since = time.monotonic()

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Add the wait for a batch."""
        self.times.waited += time.monotonic() - self._step_since

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add the time of a step, from the end of the one before."""
        now = time.monotonic()
        self.times.steps += 1
        self.times.samples += len(batch[0] if isinstance(batch, tuple) else batch) * trainer.world_size
        self.times.seconds, self._step_since = self.times.seconds + now - self._step_since, now

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
        return {"rows": self.rows, "seconds": self.seconds, "times": asdict(self.times)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where the checkpoint was written."""
        self.rows, self.seconds = state_dict["rows"], state_dict["seconds"]
        self.times = StepTimes(**state_dict.get("times", {}))  # which earlier versions did not keep


class Checkpoints(Checkpoint):
    """A checkpoint after each epoch; the best on validation is kept beside the last.

    Args:
        folder: Directory of the checkpoints.
        patience: Epochs without a better one after which training stops; None to go on to the last epoch.
    """

    def __init__(self, folder: Path, patience: int | None = None) -> None:
        self.folder, self.patience = folder, patience
        self.best: tuple[float, float] | None = None
        self.waited = 0

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Stop a resumed training that had come to its end."""
        self._stop_at_end_of_patience(trainer)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save; the best first, so that the last one knows of it."""
        if "val_error" in trainer.callback_metrics:
            now = validation_rank(trainer.callback_metrics)
            self.waited += 1
            if self.best is None or now < self.best:
                self.best, self.waited = now, 0
                trainer.save_checkpoint(self.folder / BEST)
        trainer.save_checkpoint(self.folder / LAST)
        self._stop_at_end_of_patience(trainer)

    def _stop_at_end_of_patience(self, trainer: L.Trainer) -> None:
        if self.patience is not None and self.waited >= self.patience:
            trainer.should_stop = True
            log.info("stopped: %d epochs without a better validation error", self.waited)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run must know."""
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where the checkpoint was written."""
        self.best = None if state_dict["best"] is None else tuple(state_dict["best"])
        self.waited = state_dict.get("waited", 0)  # which earlier versions did not keep


def validation_rank(figures: Mapping[str, Tensor | float]) -> tuple[float, float]:
    """Return what epochs are ordered by: the validation error, then the loss; lower is better."""
    error, loss = (float(figures[name]) for name in ("val_error", "val_loss"))
    return (math.inf if math.isnan(error) else error, math.inf if math.isnan(loss) else loss)


class ProgressLine(L.Callback):
    """Show the progress of training: epoch, loss, validation error, k, speed, and the wait for data.

    Args:
        shown: Progress that is shown.
        history: History of the training, which knows the times of its steps.
    """

    def __init__(self, shown: Progress, history: History) -> None:
        self.shown, self.history = shown, history

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Name the epoch; count its steps from where a resumed run goes on."""
        steps, epoch = int(trainer.num_training_batches), trainer.current_epoch
        assert trainer.max_epochs is not None
        if self.shown.total is None:
            self.shown.enter("", total=trainer.max_epochs * steps, done=epoch * steps)
        self.shown.stage = f"epoch {epoch + 1} of {trainer.max_epochs}"

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count a step; its figures are read when they are shown, so that no device is waited for."""
        times = self.history.times  # without this step, as the history is called last
        figures = {
            "loss": outputs["loss"].detach(),
            "val error": trainer.callback_metrics.get("val_error"),
            "k": outputs.get("k"),
            "speed": f"{times.samples_per_second:.0f} samples/s" if times.steps else None,
            "wait": f"{100 * times.data_wait:.0f} % waiting for data" if times.steps else None,
        }
        self.shown.done += 1
        self.shown.figures = {name: value for name, value in figures.items() if value is not None}


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], names: Sequence[str] | None = None) -> None:
    """Write rows of named values as CSV; the columns are `names`, or all names in the order of the rows."""
    columns = names or list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_rows(path: Path) -> list[dict[str, float]]:
    """Read what `write_rows` wrote; a figure that an epoch lacks is left out."""
    check_path(path)
    with open(path, newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
