"""The one training loop, run by Lightning without its chatter."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.loggers import Logger
from torch import distributed

from isthmus.errors import InputError
from isthmus.files import told_when_full
from isthmus.progress import Progress
from isthmus.training.blocks import compiled, is_compiled, recomputed
from isthmus.training.callbacks import Checkpoints, History, ProgressLine
from isthmus.training.checkpoints import SafetensorsIO
from isthmus.training.gradients import GradientNorms
from isthmus.training.module import TrainingModule
from isthmus.training.run_folder import CHECKPOINTS, METRICS
from isthmus.training.together import begin_together, cluster_environment

TRAINER_LOGS = ("lightning", "lightning.pytorch", "lightning.fabric")
PRECISIONS: dict[str, Any] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


def train(
    module: TrainingModule,
    folder: Path,
    checkpoint: Path | None,
    shown: Progress,
    logger: Logger | None = None,
    callbacks: Sequence[L.Callback] = (),
) -> History:
    """Train the module's network in place, from the checkpoint if there is one.

    On several devices every process comes here, and only the first one leaves; the others end. The network
    stays on the device that it was trained on.

    Args:
        module: Training steps of the run.
        folder: Run directory that files go to.
        checkpoint: Checkpoint to go on from.
        shown: Progress of the run.
        logger: Where figures go beside `metrics.csv`.
        callbacks: Callbacks of the user's own.

    Returns:
        Figures of every epoch.

    Raises:
        KeyboardInterrupt: At Ctrl-C, with everything up to the last epoch kept.
        InputError: If the loss is no longer a number.
    """
    config = module.config
    precision: str = config.runtime.precision
    if precision == "auto":
        precision = "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "32"
    history = History(folder / METRICS)
    devices, nodes = config.runtime.devices, config.runtime.nodes
    begin_together()
    trainer = L.Trainer(
        accelerator="auto",
        devices=devices,
        num_nodes=nodes,
        strategy="ddp_find_unused_parameters_true" if devices * nodes > 1 else "auto",
        precision=PRECISIONS[precision],
        max_epochs=config.optim.epochs,
        accumulate_grad_batches=config.optim.gradient_accumulation_steps,
        gradient_clip_val=config.optim.max_grad_norm,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        callbacks=[
            *callbacks,
            history,
            ProgressLine(shown, history),
            GradientNorms(),
            Checkpoints(folder / CHECKPOINTS, config.optim.patience),
        ],
        logger=logger or False,
        plugins=[SafetensorsIO(), cluster_environment()],
        default_root_dir=folder,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    with ExitStack() as stack:
        if config.model.gradient_checkpointing:
            stack.enter_context(recomputed(module.net.blocks()))
        if is_compiled(config):
            stack.enter_context(compiled(module.net.blocks()))
        run_trainer(trainer, module, checkpoint)
    if not trainer.is_global_zero:
        raise SystemExit(0)
    module.net.to(trainer.strategy.root_device)
    return history


def run_trainer(trainer: L.Trainer, module: L.LightningModule, checkpoint: Path | None) -> None:
    """Train; leave the global random state untouched, and no process group to what follows in one process.

    Raises:
        KeyboardInterrupt: At Ctrl-C or SIGTERM, in the first process; the others end.
    """
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            trainer.fit(module, ckpt_path=checkpoint)
    except SystemExit:  # how the trainer leaves at both
        if trainer.is_global_zero:
            raise KeyboardInterrupt from None
        raise
    except InputError:
        if trainer.is_global_zero:
            raise
        raise SystemExit(0) from None  # the first process reports it; another exit code would kill that one
    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


class LogFile(logging.FileHandler):
    """A file of lines that are logged, on a disk that may be full."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Raise InputError for want of room, where logging would print a traceback."""
        with told_when_full(Path(self.baseFilename)):
            raise  # what is being handled

    def close(self) -> None:
        """Close the file; lines that do not fit were told of when they were logged."""
        with suppress(OSError):
            super().close()


@contextmanager
def capture_logs(log: Path | None = None) -> Iterator[None]:
    """Keep the trainer silent on the terminal; afterwards all is as the user had it.

    What isthmus logs, and errors that the trainer logs, go to a file. The trainer's warnings are about itself
    (what it deprecates, how often it logs) and are dropped; those of others are shown.

    Args:
        log: File that lines are appended to; None for no file.
    """
    handler = (
        logging.NullHandler()
        if log is None
        else LogFile(log, encoding="utf-8", errors="backslashreplace", delay=True)
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    with closing(handler), ExitStack() as stack:
        ours = logging.getLogger("isthmus")
        stack.enter_context(_logging(ours, [*ours.handlers, handler], logging.INFO, ours.propagate))
        for name in TRAINER_LOGS:
            stack.enter_context(_logging(logging.getLogger(name), [handler], logging.WARNING, False))
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module=r"lightning\.")
        yield


@contextmanager
def _logging(
    logger: logging.Logger, handlers: list[logging.Handler], level: int, propagate: bool
) -> Iterator[None]:
    before = logger.handlers, logger.level, logger.propagate
    try:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
        yield
    finally:
        logger.handlers, _, logger.propagate = before
        logger.setLevel(before[1])
