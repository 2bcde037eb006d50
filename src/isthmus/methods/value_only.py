"""Fine-tuning of the attention's values alone."""

from collections.abc import Iterable

from torch import nn

from isthmus.backbones import Backbone
from isthmus.methods.method import methods
from isthmus.methods.partial import PartialFineTuning


@methods.register("value-only")
class ValueOnly(PartialFineTuning):
    """Only the projections to values learn: what attention reads changes, where it looks from does not."""

    def learning(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Weights and biases of the projections to values."""
        return backbone.attention_projections(["value"])
