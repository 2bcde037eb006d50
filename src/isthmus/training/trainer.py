"""The one loop, run by Lightning."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch import distributed

from isthmus.config import RunConfig
from isthmus.errors import InputError
from isthmus.training.checkpoints import Checkpoints, SafetensorsIO
from isthmus.training.history import History
from isthmus.training.module import TrainingModule
from isthmus.training.plan import Plan
from isthmus.training.progress import ProgressLine
from isthmus.training.run_folder import CHECKPOINTS, METRICS, TENSORBOARD


def train_net(plan: Plan, folder: Path, checkpoint: Path | None) -> History:
    """Train the plan's net in place, from the checkpoint if there is one; files go to the run's folder.

    On several devices every process comes here, and only the first one leaves; the others end. The
    net stays on the device that it was trained on.

    Raises:
        KeyboardInterrupt: at Ctrl-C, with everything up to the last epoch kept.
        InputError: if the loss is no longer a number.
    """
    config = plan.config
    history = History(folder / METRICS)
    title = f"{config.method['name']} on {config.task}"
    trainer = L.Trainer(
        accelerator="auto",
        devices=config.devices,
        strategy="ddp_find_unused_parameters_true" if config.devices > 1 else "auto",
        precision=_precision(config),
        max_epochs=config.epochs,
        accumulate_grad_batches=config.gradient_accumulation_steps,
        gradient_clip_val=config.max_grad_norm,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        callbacks=[ProgressLine(title), history, Checkpoints(folder / CHECKPOINTS)],
        logger=TensorBoardLogger(folder, name="", version=TENSORBOARD) if find_spec("tensorboard") else False,
        plugins=[SafetensorsIO()],
        default_root_dir=folder,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    run_trainer(trainer, TrainingModule(plan), checkpoint)
    if not trainer.is_global_zero:
        raise SystemExit(0)
    plan.net.to(trainer.strategy.root_device)
    return history


def run_trainer(trainer: L.Trainer, module: L.LightningModule, checkpoint: Path | None) -> None:
    """Train, global random state untouched, and leave no process group: the rest is for one process alone.

    Raises:
        KeyboardInterrupt: at Ctrl-C or SIGTERM, in the first process; the others end.
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
        raise SystemExit(0) from None  # said by the first process, which another code would have killed
    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


def _precision(config: RunConfig) -> Any:
    names = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}
    if config.precision == "auto":
        return names["bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "32"]
    return names[config.precision]
