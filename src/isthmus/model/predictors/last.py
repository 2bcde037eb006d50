"""The readout `last`: features at the end of the backbone, as its own head reads them."""

import torch
from torch import Tensor, nn

from isthmus.backbones import Backbone
from isthmus.model.predictors.patches import Patches
from isthmus.model.predictors.predictor import Features, Predictor, Readout, readouts
from isthmus.tasks import Output


class PooledPredictor(Predictor, nn.Linear):
    """One vector a sample: mean of the last features over the tokens, then a linear layer."""

    def __init__(self, backbone: Backbone, layout: tuple[int, ...], output: Output) -> None:
        nn.Linear.__init__(self, backbone.feature_width, output.channels)

    @property
    def linear(self) -> nn.Linear:  # type: ignore[override]
        """The predictor itself, whose weight and bias they are."""
        return self

    def inputs(self, features: Features) -> Tensor:
        """Average the last features over the tokens: [B, 1, F]."""
        return features[-1].mean(1, keepdim=True)

    @torch.no_grad()
    def start_from(self, classifier: nn.Linear) -> None:
        """Start as a classifier of the mean of the last features."""
        self.weight.copy_(classifier.weight)
        self.bias.copy_(classifier.bias)

    def forward(self, features: Features) -> Tensor:  # type: ignore[override]
        """Predict [B, channels] from features."""
        return nn.Linear.forward(self, features[-1].mean(1))


class DensePredictor(Predictor):
    """A value for every position: each of the last features becomes the patch of output that it covers.

    A linear layer gives the values of the patch; where the backbone merged tokens, the patch covers
    the tokens that were merged (sub-pixel convolution, Shi et al., CVPR 2016). The field is then
    resampled to the output's size.

    Args:
        backbone: Backbone whose features are read.
        layout: Layout of the tokens, (N,) or (rows, columns).
        output: Channels C' and size, of as many dimensions as the layout.

    Raises:
        InputError: If output and layout differ in dimensions.
    """

    def __init__(self, backbone: Backbone, layout: tuple[int, ...], output: Output) -> None:
        super().__init__(backbone, layout, output)
        self.patches = Patches(layout, output, backbone.grid, backbone.reduction)
        self.linear = nn.Linear(backbone.feature_width, self.patches.values)

    def inputs(self, features: Features) -> Tensor:
        """Return the last features, [B, L', F]."""
        return features[-1]

    def assemble(self, values: Tensor) -> Tensor:
        """Arrange patches [B, L', Q] as a field [B, C', *size]."""
        return self.patches.assemble(values)

    def disassemble(self, output: Tensor) -> Tensor:
        """Cut a field [B, C', *size] into patches [B, L', Q]."""
        return self.patches.disassemble(output)


readouts.register("last")(Readout(all_stages=False, pooled=PooledPredictor, dense=DensePredictor))
