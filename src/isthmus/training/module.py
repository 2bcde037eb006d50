"""The Lightning module of all iterative methods: batches, steps, figures, optimiser."""

import math
from typing import Any

import lightning as L
import torch
from torch import Tensor
from torchmetrics import MeanMetric

from isthmus.config.resolve import ResolvedRun
from isthmus.config.schema import RunConfig
from isthmus.methods import Batch, IterativeMethod, Loss
from isthmus.methods.mixing_method import MixingMethod
from isthmus.methods.optimization import make_optimizer
from isthmus.model import Net
from isthmus.model.evaluation import EvaluationBatches
from isthmus.schedules import warmed_up
from isthmus.seeding import derive_seed, torch_generator
from isthmus.sources import Source
from isthmus.training.batches import MadeAhead, TrainingBatches
from isthmus.training.checkpoints import CONFIG_KEY


class TrainingModule(L.LightningModule):
    """Training steps of a method on a network.

    Args:
        run: Resolved run.
        net: Network to train.
        source: Source samples, if the method uses some.
        requested: Settings that the run was begun with; every checkpoint holds them.
    """

    def __init__(self, run: ResolvedRun, net: Net, source: Source | None, requested: RunConfig) -> None:
        super().__init__()
        assert isinstance(run.method, IterativeMethod)
        assert run.config.data.batch_size is not None
        assert run.config.optim.epoch_steps is not None
        self.run, self.config, self.requested = run, run.config, requested
        self.method, self.net = run.method, net.train()
        self.source = source if isinstance(run.method, MixingMethod) else None
        self.batch_size, self.epoch_steps = run.config.data.batch_size, run.config.optim.epoch_steps
        self.train_metric, self.val_metric = run.task.new_metric(), run.task.new_metric()
        self.val_loss = MeanMetric(nan_strategy="disable")

    def train_dataloader(self) -> MadeAhead:
        """Return the batches of the current epoch; the trainer asks before each."""
        batches = TrainingBatches(
            self.run.train,
            self.source,
            self.batch_size,
            self.epoch_steps,
            seed=self.config.seed,
            epoch=self.current_epoch,
            sampling=self.config.data.sampling,
            rank=self.trainer.global_rank,
            world=self.trainer.world_size,
        )
        return MadeAhead(batches, pin=self.net.x_mean.is_cuda)

    def val_dataloader(self) -> EvaluationBatches | list[Batch]:
        """Return this device's share of the validation samples."""
        if self.run.validation is None:
            return []
        rank, world = self.trainer.global_rank, self.trainer.world_size
        return EvaluationBatches(self.run.validation, rank=rank, world=world)

    def training_step(self, batch: Batch, step: int) -> dict[str, Any]:
        """Take a step of the method; its random draws are made from (seed, epoch, step)."""
        draw = (self.config.seed, self.current_epoch, step, self.trainer.global_rank)
        torch.manual_seed(derive_seed(*draw, "dropout"))
        x, y, task = batch.x, batch.y, self.run.task
        augmenting = torch_generator(*draw, "augment")
        if task.augment is not None:
            x, y = task.augment(x, y, augmenting)
        if self.run.augment is not None:
            x = self.run.augment(x, augmenting)
        batch = batch._replace(x=x, y=y)
        done = self.current_epoch * self.epoch_steps + step
        last = self.config.optim.epochs * self.epoch_steps - 1
        result = self.method.step(
            self.net,
            batch,
            weighted(task.training_losses, batch.weights),
            done / max(1, last),
            torch_generator(*draw, "method"),
        )
        self.train_metric.update(result.output.detach(), batch.y)
        figures = {k: v.detach() if isinstance(v, Tensor) else float(v) for k, v in result.logs.items()}
        self.log_dict(figures, on_step=False, on_epoch=True, sync_dist=True, batch_size=len(batch.y))
        return {**figures, "loss": result.loss}

    def on_train_epoch_end(self) -> None:
        """Log the metric over all training batches of the epoch."""
        self.log("train_error", self.train_metric.compute())
        self.train_metric.reset()

    def validation_step(self, batch: tuple[Tensor, Tensor], step: int) -> None:
        """Update loss and metric of the target path."""
        x, y = batch
        with torch.compiler.set_stance("force_eager"):  # its batches have other shapes
            output = self.net(x)
        self.val_loss.update(self.run.task.sample_losses(output, y))
        self.val_metric.update(output, y)

    def on_validation_epoch_end(self) -> None:
        """Log loss and metric over all validation samples, of all devices."""
        for name, metric in (("val_loss", self.val_loss), ("val_error", self.val_metric)):
            self.log(name, metric.compute())
            metric.reset()

    def configure_optimizers(self) -> Any:
        """Return the optimiser, and the schedule of its learning rate over optimiser steps."""
        optim = self.config.optim
        steps = optim.epochs * math.ceil(self.epoch_steps / optim.gradient_accumulation_steps)
        # A scaled loss, as in float16, is clipped before the step, which a fused optimiser does not allow.
        is_fused = self.net.x_mean.is_cuda and self.config.runtime.precision != "16"
        optimizer = make_optimizer(self.net.parts(), optim, fused=is_fused)
        assert self.run.schedule is not None
        factor = warmed_up(self.run.schedule, optim.warmup_ratio, steps)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put the settings of the run into every checkpoint."""
        checkpoint[CONFIG_KEY] = self.requested.flat(only_given=True)


def weighted(loss: Loss, weights: Tensor | None) -> Loss:
    """Return the loss of each sample of a batch times its weight, [B]."""
    return loss if weights is None else lambda output, y: loss(output, y) * weights
