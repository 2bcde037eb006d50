"""Low-rank adaptation, through the package peft."""

import torch
from torch import nn

from isthmus.backbones import PROJECTIONS
from isthmus.errors import InputError
from isthmus.methods.fine_tuning import NaiveFineTuning
from isthmus.methods.method import Restoring
from isthmus.methods.options import check_at_least, check_dropout
from isthmus.methods.registry import methods
from isthmus.model import CrossModalNet
from isthmus.seeding import derive_seed


@methods.register("lora")
class LoRA(NaiveFineTuning, Restoring[CrossModalNet]):
    """Training of a low-rank change of the projections to queries and values (Hu et al., ICLR 2022).

    W x + (alpha / rank) B A x, with B = 0 at the start; all other weights of the encoder stay. After training
    the change is added to the weights, so that the net loads without peft.

    Args:
        rank: Rank of the change.
        alpha: Scale of the change, times its rank.
        dropout: Probability of dropout on the input of the change.
    """

    references = ("E. J. Hu et al. (2022), LoRA: low-rank adaptation of large language models, ICLR",)
    libraries = ("peft",)

    def __init__(self, *, rank: int = 8, alpha: int = 16, dropout: float = 0.0) -> None:
        check_at_least(1, "lora", rank=rank)
        check_dropout("lora", dropout)
        self.rank, self.alpha, self.dropout = rank, alpha, dropout

    def prepare(self, net: CrossModalNet, seed: int) -> None:
        """Lay the change beside every projection to queries and values; freeze the rest of the encoder."""
        try:
            from peft import LoraConfig, inject_adapter_in_model
        except ImportError:
            raise InputError(
                "the method 'lora' needs the package peft: pip install isthmus[lora]",
                kind="dependency",
                key="peft",
            ) from None
        super().prepare(net, seed)
        list(net.backbone.attention_projections(["query", "value"]))  # refuses a backbone without attention
        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=sorted(PROJECTIONS["query"] | PROJECTIONS["value"]),
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "lora"))
            inject_adapter_in_model(config, net.backbone.model)

    def restore(self, net: CrossModalNet) -> None:
        """Add the change to the weights, and restore the encoder's own layers."""
        from peft.tuners.lora import LoraLayer

        changed = [(n, m) for n, m in net.backbone.model.named_modules() if isinstance(m, LoraLayer)]
        for name, module in changed:
            module.merge()
            parent, _, child = name.rpartition(".")
            layer: nn.Module = module.get_base_layer()
            setattr(net.backbone.model.get_submodule(parent), child, layer)
