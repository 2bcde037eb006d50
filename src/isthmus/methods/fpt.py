"""Frozen pretrained transformer: only the norms learn."""

from collections.abc import Iterable

from torch import nn

from isthmus.backbones import Backbone
from isthmus.methods.method import methods
from isthmus.methods.partial import PartialFineTuning


@methods.register("fpt")
class FrozenPretrainedTransformer(PartialFineTuning):
    """Only layer norms learn, beside embedder and predictor (Lu et al., AAAI 2022; FPT in PaRe's Table 1).

    Positions, which that paper trains too, belong to the target embedder here, and learn with it.
    """

    def learning(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Scales and shifts of every layer norm."""
        norms = (module for module in backbone.modules() if isinstance(module, nn.LayerNorm))
        return (parameter for norm in norms for parameter in norm.parameters())
