"""Fine-tuning of a part of the backbone: its norms, its attention, or the attention's values."""

from abc import abstractmethod
from collections.abc import Iterable

from torch import nn

from isthmus.backbones import Backbone
from isthmus.methods.fine_tuning import NaiveFineTuning
from isthmus.methods.registry import methods
from isthmus.model import CrossModalNet

MERGING = "downsample"


class PartialFineTuning(NaiveFineTuning):
    """Fine-tuning in which only a part of the encoder learns; embedder and predictor learn as always."""

    @abstractmethod
    def trainable(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Return the parameters of the encoder that learn; the backbone's own embedding stays frozen."""

    def prepare(self, net: CrossModalNet, seed: int) -> None:
        """Freeze everything else in the encoder."""
        super().prepare(net, seed)
        trainable = {id(parameter) for parameter in self.trainable(net.backbone)}
        for _, parameter in net.backbone.named_encoder_parameters():
            parameter.requires_grad_(id(parameter) in trainable)


@methods.register("fpt")
class FrozenPretrainedTransformer(PartialFineTuning):
    """Fine-tuning of the layer norms alone (Lu et al., AAAI 2022; FPT in PaRe's Table 1).

    Norms of layers that merge patches (Swin's `downsample`) stay, as in the code of that table. Positions,
    which the paper trains too, belong to the target embedder here, and learn with it.
    """

    references = (
        "K. Lu, A. Grover, P. Abbeel, I. Mordatch (2022), Frozen pretrained transformers as "
        "universal computation engines, AAAI",
    )

    def trainable(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Return scale and shift of every norm, but for those of merging layers."""
        named = backbone.named_encoder_parameters()
        merging = {id(parameter) for name, parameter in named if MERGING in name.split(".")}
        return (p for p in backbone.norm_parameters() if id(p) not in merging)


@methods.register("attention-only")
class AttentionOnly(PartialFineTuning):
    """Fine-tuning of the attention layers alone (Touvron et al., ECCV 2022, section 4)."""

    references = (
        "H. Touvron et al. (2022), Three things everyone should know about vision transformers, ECCV",
    )

    def trainable(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Return the projections to queries, keys, values and output, and the attention's position biases."""
        return backbone.attention_parameters()


@methods.register("value-only")
class ValueOnly(PartialFineTuning):
    """Fine-tuning of the projections to values alone: attention looks where it did, and reads anew."""

    def trainable(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Return weights and biases of the projections to values."""
        return backbone.attention_projections(["value"])
