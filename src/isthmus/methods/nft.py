"""Plain fine-tuning."""

from torch import Generator

from isthmus.methods.cross_modal import CrossModal
from isthmus.methods.method import Batch, Loss, Step, methods
from isthmus.model import CrossModalNet


@methods.register("nft")
class NaiveFineTuning(CrossModal):
    """One stage of fine-tuning, everything learns: the row NFT of the published tables (PaRe, Table 1)."""

    def step(
        self, net: CrossModalNet, batch: Batch, loss: Loss, progress: float, generator: Generator
    ) -> Step:
        """Descend the target loss alone."""
        output = net(batch.x)
        value = loss(output, batch.y).mean()
        return Step(value, output, {"loss": value})
