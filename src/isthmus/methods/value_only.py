"""Fine-tuning of the attention's values alone."""

from collections.abc import Iterable

from torch import nn

from isthmus.backbones import Backbone
from isthmus.methods.method import methods
from isthmus.methods.partial import PartialFineTuning

VALUES = {"v_proj", "value"}  # as Hugging Face's encoders call the projection


@methods.register("value-only")
class ValueOnly(PartialFineTuning):
    """Only the projections to values learn: what attention reads changes, where it looks from does not."""

    def learning(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Weights and biases of the projections to values."""
        named = backbone.attention_parameters()
        return (parameter for name, parameter in named if not VALUES.isdisjoint(name.split(".")))
