"""Norms of the gradient of each part of the network, once an epoch: whether and how much each part learns."""

from typing import Any

import lightning as L
import torch
from torch.optim import Optimizer

PREFIX = "grad_"


class GradientNorms(L.Callback):
    """Figures `grad_PART` of every epoch: the norm before clipping, at the last step.

    A part whose parameters all got no gradient has 0; one that learns nothing by intent has no figure.
    """

    def on_before_optimizer_step(
        self, trainer: L.Trainer, pl_module: L.LightningModule, optimizer: Optimizer
    ) -> None:
        """Log the norms at the last step of an epoch."""
        if not trainer.is_last_batch:
            return
        net: Any = pl_module.net
        for part, parameters in net.parts().items():
            learning = [parameter for parameter in parameters if parameter.requires_grad]
            if learning:
                found = [parameter.grad for parameter in learning if parameter.grad is not None]
                norm = torch.nn.utils.get_total_norm(found) if found else torch.tensor(0.0)
                pl_module.log(f"{PREFIX}{part}", norm, on_step=False, on_epoch=True)
