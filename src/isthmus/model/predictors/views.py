"""One predictor for each of several views of a sample."""

from collections.abc import Iterable

from torch import Tensor, nn

from isthmus.model.predictors.predictor import Features, Predictor


class ViewsPredictor(nn.Module):
    """A predictor for each view; sample i of a batch was seen in view i mod V, and has that view's predictor.

    Args:
        members: Predictor of each view.
    """

    def __init__(self, members: Iterable[Predictor]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, features: Features) -> Tensor:
        """Predict [B, C', *size] from features."""
        count = len(self.members)
        parts = [head([stage[view::count] for stage in features]) for view, head in enumerate(self.members)]
        output: Tensor = parts[0].new_empty(len(features[0]), *parts[0].shape[1:])
        for view, part in enumerate(parts):
            output[view::count] = part
        return output
