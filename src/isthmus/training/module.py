"""One training module for all methods."""

import math
from typing import Any

import lightning as L
import torch
from torch import Tensor

from isthmus.config import RunConfig
from isthmus.methods import Batch, Method
from isthmus.model import CrossModalNet
from isthmus.seeding import derive_seed, torch_generator
from isthmus.sources import Source
from isthmus.tasks import Split, Task
from isthmus.training.batches import EvaluationBatches, TrainingBatches

EVALUATION_BATCH = 64


class TrainingModule(L.LightningModule):
    """Steps of a method on a net: batches, optimiser, schedule and figures.

    Args:
        net: what learns, prepared by the method.
        method: what a step costs.
        task: loss and metric.
        train, validation: the training data, cut in two; validation may be missing.
        source: samples to mix with, or None.
        config: of the run, with `epoch_steps`, `batch_size` and `lr` filled in.
    """

    def __init__(
        self,
        net: CrossModalNet,
        method: Method,
        task: Task,
        train: Split,
        validation: Split | None,
        source: Source | None,
        config: RunConfig,
    ) -> None:
        super().__init__()
        self.net, self.method, self.task = net, method, task
        self.train_split, self.validation_split = train, validation
        self.source, self.config = source, config
        self.train_metric, self.val_metric = task.new_metric(), task.new_metric()

    def train_dataloader(self) -> TrainingBatches:
        """The batches of the current epoch (the trainer asks before each)."""
        config = self.config
        assert config.batch_size is not None
        assert config.epoch_steps is not None
        return TrainingBatches(
            self.train_split,
            self.source,
            config.batch_size,
            config.epoch_steps,
            seed=config.seed,
            epoch=self.current_epoch,
            rank=self.trainer.global_rank,
            world=self.trainer.world_size,
        )

    def val_dataloader(self) -> EvaluationBatches | list[Batch]:
        """This device's share of the validation data."""
        if self.validation_split is None:
            return []
        rank, world = self.trainer.global_rank, self.trainer.world_size
        return EvaluationBatches(self.validation_split, EVALUATION_BATCH, rank=rank, world=world)

    def training_step(self, batch: Batch, step: int) -> Tensor:
        """A step of the method, its random draws made from (seed, epoch, step)."""
        draw = (self.config.seed, self.current_epoch, step, self.trainer.global_rank)
        torch.manual_seed(derive_seed(*draw, "dropout"))
        total = self.config.epochs * len(self.trainer.train_dataloader)
        progress = (self.current_epoch * len(self.trainer.train_dataloader) + step) / max(1, total - 1)
        taken = self.method.step(
            self.net, batch, self.task.sample_losses, progress, torch_generator(*draw, "method")
        )
        self.train_metric.update(taken.output.detach(), batch.y)
        self.log_dict({k: v for k, v in taken.logs.items()}, on_step=True, on_epoch=True, batch_size=len(batch.y))
        return taken.loss

    def on_train_epoch_end(self) -> None:
        """The metric over all training batches of the epoch."""
        self.log("train_error", self.train_metric.compute())
        self.train_metric.reset()

    def validation_step(self, batch: Batch, step: int) -> None:
        """Loss and metric of the target path alone."""
        output = self.net(batch.x)
        losses = self.task.sample_losses(output, batch.y)
        self.val_metric.update(output, batch.y)
        self.log("val_loss", losses.mean(), on_epoch=True, sync_dist=True, batch_size=len(batch.y))

    def on_validation_epoch_end(self) -> None:
        """The metric over all validation data."""
        if self.validation_split is not None:
            self.log("val_error", self.val_metric.compute())
            self.val_metric.reset()

    def configure_optimizers(self) -> Any:
        """A group for each part that learns, halved into what decays and what does not."""
        steps = int(self.trainer.estimated_stepping_batches)
        optimizer = make_optimizer(self.net, self.config)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: warmup_cosine(step, steps, self.config.warmup)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def make_optimizer(net: CrossModalNet, config: RunConfig) -> torch.optim.Optimizer:
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
    return OPTIMIZERS[config.optimizer](groups, config.lr)


OPTIMIZERS = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": lambda groups, lr: torch.optim.SGD(groups, lr, momentum=0.9),
}


def warmup_cosine(step: int, steps: int, warmup: float) -> float:
    """The factor on the learning rate: up in a line for `warmup` of the steps, then half a cosine down to 0."""
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
