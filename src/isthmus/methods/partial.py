"""Fine-tuning of a part of the backbone: what FPT and its relatives share."""

from abc import abstractmethod
from collections.abc import Iterable

from torch import nn

from isthmus.backbones import Backbone
from isthmus.methods.nft import NaiveFineTuning
from isthmus.model import CrossModalNet


class PartialFineTuning(NaiveFineTuning):
    """One stage of fine-tuning; of the encoder only a part learns, embedder and predictor learn as always."""

    @abstractmethod
    def learning(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Those of the backbone's parameters that learn; its own embedding stays frozen all the same."""

    def prepare(self, net: CrossModalNet, seed: int) -> None:
        """Freeze everything else in the encoder."""
        super().prepare(net, seed)
        learning = {id(parameter) for parameter in self.learning(net.backbone)}
        for _, parameter in net.backbone.named_encoder_parameters():
            parameter.requires_grad_(id(parameter) in learning)
