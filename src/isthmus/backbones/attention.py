"""The projections of attention, as Hugging Face's encoders call them."""

from collections.abc import Iterable, Iterator

from torch import nn

from isthmus.backbones.backbone import Backbone

PROJECTIONS = {"query": {"query", "q_proj"}, "key": {"key", "k_proj"}, "value": {"value", "v_proj"}}


def projections(backbone: Backbone, which: Iterable[str]) -> Iterator[nn.Parameter]:
    """Weights and biases of the encoder's projections to queries, keys or values: names in `PROJECTIONS`."""
    words = {word for name in which for word in PROJECTIONS[name]}
    return (p for name, p in backbone.attention_parameters() if not words.isdisjoint(name.split(".")))
