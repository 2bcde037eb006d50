"""The one training loop, run by Lightning without its chatter."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.loggers import Logger
from torch import distributed

from isthmus.errors import InputError
from isthmus.progress import Progress
from isthmus.training.blocks import compiled, is_compiled, recomputed
from isthmus.training.callbacks import Checkpoints, History, ProgressLine
from isthmus.training.checkpoints import SafetensorsIO
from isthmus.training.gradients import GradientNorms
from isthmus.training.module import TrainingModule
from isthmus.training.run_folder import CHECKPOINTS, METRICS
from isthmus.training.together import begin_together, cluster_environment

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
    config, history = module.config, History(folder / METRICS)
    devices, nodes = config.runtime.devices, config.runtime.nodes
    begin_together()
    trainer = L.Trainer(
        accelerator="auto",
        devices=devices,
        num_nodes=nodes,
        strategy="ddp_find_unused_parameters_true" if devices * nodes > 1 else "auto",
        precision=_precision(config.runtime.precision),
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


def _precision(setting: str) -> Any:
    """Return Lightning's name for a precision; `auto` is bf16 on a device that has it."""
    if setting == "auto":
        setting = "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "32"
    return PRECISIONS[setting]


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
