"""Fine-tuning of the attention alone."""

from collections.abc import Iterable

from torch import nn

from isthmus.backbones import Backbone
from isthmus.methods.method import methods
from isthmus.methods.partial import PartialFineTuning


@methods.register("attention-only")
class AttentionOnly(PartialFineTuning):
    """Only the attention layers of the backbone learn (Touvron et al., ECCV 2022, section 4)."""

    def learning(self, backbone: Backbone) -> Iterable[nn.Parameter]:
        """Projections to queries, keys, values and output, and what biases the attention by position."""
        return backbone.attention_parameters()
