"""One training module for all methods."""

import math
from collections.abc import Callable
from typing import Any

import lightning as L
import torch
from torch import Generator, Tensor
from torchmetrics import MeanMetric

from isthmus.config import RunConfig
from isthmus.methods import Batch
from isthmus.model import Net
from isthmus.seeding import derive_seed, torch_generator
from isthmus.training.batches import EvaluationBatches, TrainingBatches
from isthmus.training.checkpoints import CONFIG_KEY
from isthmus.training.plan import Plan, make_part
from isthmus.training.schedules import schedules, warmed_up


class TrainingModule(L.LightningModule):
    """Steps of a method on a net: batches, optimiser, schedule and figures."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan, self.config = plan, plan.config
        self.net = plan.net.train()
        self.train_metric, self.val_metric = plan.task.new_metric(), plan.task.new_metric()
        self.val_loss = MeanMetric(nan_strategy="disable")
        assert self.config.batch_size is not None
        assert self.config.epoch_steps is not None
        self.batch_size, self.epoch_steps = self.config.batch_size, self.config.epoch_steps

    def train_dataloader(self) -> TrainingBatches:
        """The batches of the current epoch (the trainer asks before each)."""
        return TrainingBatches(
            self.plan.train,
            self.plan.source if self.plan.method.mixes else None,
            self.batch_size,
            self.epoch_steps,
            seed=self.config.seed,
            epoch=self.current_epoch,
            rank=self.trainer.global_rank,
            world=self.trainer.world_size,
        )

    def val_dataloader(self) -> EvaluationBatches | list[Batch]:
        """This device's share of the validation data."""
        if self.plan.validation is None:
            return []
        rank, world = self.trainer.global_rank, self.trainer.world_size
        return EvaluationBatches(self.plan.validation, rank=rank, world=world)

    def training_step(self, batch: Batch, step: int) -> dict[str, Any]:
        """A step of the method, its random draws made from (seed, epoch, step)."""
        draw = (self.config.seed, self.current_epoch, step, self.trainer.global_rank)
        torch.manual_seed(derive_seed(*draw, "dropout"))
        done, total = self.current_epoch * self.epoch_steps + step, self.config.epochs * self.epoch_steps
        batch = self.changed(batch, torch_generator(*draw, "augment"))
        taken = self.plan.method.step(
            self.net,
            batch,
            self.plan.task.sample_losses,
            done / max(1, total - 1),
            torch_generator(*draw, "method"),
        )
        self.train_metric.update(taken.output.detach(), batch.y)
        figures = {k: v.detach() if isinstance(v, Tensor) else float(v) for k, v in taken.logs.items()}
        self.log_dict(figures, on_step=False, on_epoch=True, sync_dist=True, batch_size=len(batch.y))
        return {**figures, "loss": taken.loss}

    def changed(self, batch: Batch, generator: Generator) -> Batch:
        """The batch with its target samples augmented, by the task's own rule and by the run's."""
        x, y = batch.x, batch.y
        if self.plan.task.augment is not None:
            x, y = self.plan.task.augment(x, y, generator)
        return batch._replace(x=self.plan.augment(x, generator), y=y)

    def on_train_epoch_end(self) -> None:
        """The metric over all training batches of the epoch."""
        self.log("train_error", self.train_metric.compute())
        self.train_metric.reset()

    def validation_step(self, batch: Batch, step: int) -> None:
        """Loss and metric of the target path alone."""
        output = self.net(batch.x)
        self.val_loss.update(self.plan.task.sample_losses(output, batch.y))
        self.val_metric.update(output, batch.y)

    def on_validation_epoch_end(self) -> None:
        """Loss and metric over all validation data, of all devices."""
        for name, metric in (("val_loss", self.val_loss), ("val_error", self.val_metric)):
            self.log(name, metric.compute())
            metric.reset()

    def configure_optimizers(self) -> Any:
        """A group for each part that learns, halved into what decays and what does not."""
        steps = self.config.epochs * math.ceil(self.epoch_steps / self.config.gradient_accumulation_steps)
        optimizer = make_optimizer(self.net, self.config)
        factor = warmed_up(make_part(self.config.schedule, schedules), self.config.warmup_ratio, steps)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say in every checkpoint what run it is of."""
        checkpoint[CONFIG_KEY] = self.plan.asked.model_dump()


def make_optimizer(net: Net, config: RunConfig) -> torch.optim.Optimizer:
    """The optimiser of a run; vectors (biases, norms) do not decay."""
    assert config.lr is not None
    groups = []
    for part, parameters in net.parts().items():
        learning = [p for p in parameters if p.requires_grad]
        for decays in (True, False):
            chosen = [p for p in learning if (p.dim() > 1) == decays]
            if chosen:
                rate = config.lr * config.lr_scale.get(part, 1.0)
                groups.append({"params": chosen, "lr": rate, "weight_decay": config.weight_decay * decays})
    return OPTIMIZERS[config.optimizer](groups, config)


OPTIMIZERS: dict[str, Callable[[Any, RunConfig], torch.optim.Optimizer]] = {
    "adamw": lambda groups, config: torch.optim.AdamW(groups, betas=config.betas),
    "adam": lambda groups, config: torch.optim.Adam(groups, betas=config.betas),
    "sgd": lambda groups, config: torch.optim.SGD(groups, momentum=config.momentum, nesterov=config.nesterov),
}
