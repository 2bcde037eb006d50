"""A progress bar over the whole training: loss, metric, k and the time left."""

from typing import Any

import lightning as L
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

CONSOLE = Console(stderr=True)


class ProgressLine(L.Callback):
    """One line on the terminal, updated at every step; silent where there is no terminal.

    Args:
        title: what is being trained.
    """

    def __init__(self, title: str) -> None:
        self.bar = Progress(
            TextColumn(title),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=CONSOLE,
            disable=not CONSOLE.is_terminal,
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
        """One step on."""
        if self.bar.disable:
            return  # reading a figure makes a GPU wait
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
