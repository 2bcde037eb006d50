"""The same network without its pretraining."""

from isthmus.methods.method import methods
from isthmus.methods.nft import NaiveFineTuning
from isthmus.model import CrossModalNet


@methods.register("scratch")
class Scratch(NaiveFineTuning):
    """Train everything from random weights: the floor that a pretrained backbone must beat."""

    def prepare(self, net: CrossModalNet, seed: int) -> None:
        """Draw the backbone's weights anew, and the embedder's, which started as the backbone's."""
        net.start_afresh(seed)
        super().prepare(net, seed)
