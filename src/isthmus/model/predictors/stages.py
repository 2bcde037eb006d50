"""The readout `stages`: features at the end of every stage of the backbone, standardised."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isthmus.backbones import Backbone
from isthmus.errors import InputError
from isthmus.model.predictors.patches import Patches
from isthmus.model.predictors.predictor import Features, Predictor, Readout, readouts
from isthmus.tasks import Output

LEAST_STD = 1e-3
"""Deviation below which a feature counts as constant; added to that of others"""


class StandardisedPredictor(Predictor):
    """A predictor whose inputs are standardised by the training data's; its linear layer starts at zero.

    Args:
        inputs: Number R of inputs.
        values: Number Q of outputs of the linear layer.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, inputs: int, values: int) -> None:
        nn.Module.__init__(self)
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("std", torch.ones(inputs))
        self.linear = nn.Linear(inputs, values)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def fit_scale(self, inputs: Tensor) -> None:
        """Set mean and deviation of every input [N, P, R] over samples and positions.

        A constant input keeps its own unit: many are constant before fine-tuning and not after it, and
        would swamp the others if the smallest deviation were their unit.
        """
        rows = inputs.flatten(0, 1)
        std = rows.std(0, correction=0)
        self.mean.copy_(rows.mean(0))
        self.std.copy_(torch.where(std < LEAST_STD, 1.0, std + LEAST_STD))


class StagesPredictor(StandardisedPredictor):
    """One vector a sample: mean and maximum over the tokens at the end of every stage, standardised.

    Early stages tell textures and edges apart, late ones things; a target far from what the backbone was
    pretrained on may need either (compare Head2Toe, Evci et al., ICML 2022).

    Args:
        backbone: Backbone whose features are read.
        layout: Layout of the tokens; not used.
        output: Channels C' of the output.
    """

    def __init__(self, backbone: Backbone, layout: tuple[int, ...], output: Output) -> None:
        super().__init__(2 * sum(backbone.stage_widths), output.channels)

    @torch.no_grad()
    def start_from(self, classifier: nn.Linear) -> None:
        """Start as a classifier of the mean of the last features, in units that are not standardised."""
        width = classifier.in_features
        mean = slice(-2 * width, -width)
        self.linear.weight[:, mean] = classifier.weight * self.std[mean]
        self.linear.bias.copy_(classifier.bias + classifier.weight @ self.mean[mean])

    def inputs(self, features: Features) -> Tensor:
        """Pool the features of every stage: [B, 1, R]."""
        pooled = [pool for stage in features for pool in (stage.mean(1), stage.amax(1))]
        return ((torch.cat(pooled, -1) - self.mean) / self.std)[:, None]


class PyramidPredictor(StandardisedPredictor):
    """A value for every position: features of every stage, laid over the finest stage's grid and summed.

    Each stage has its own linear map to the patch of output that a position covers; the maps of the coarser
    stages are enlarged (bilinear) and added (after the feature pyramid of Lin et al., CVPR 2017, without its
    convolutions).

    Args:
        backbone: Image backbone whose features are read.
        layout: Layout of the tokens, (N,) or (rows, columns).
        output: Channels C' and size, of as many dimensions as the layout.

    Raises:
        InputError: If output and layout differ in dimensions, or the backbone reads text.
    """

    def __init__(self, backbone: Backbone, layout: tuple[int, ...], output: Output) -> None:
        if backbone.stage_grids is None or backbone.grid is None:
            raise InputError(
                f"the readout 'stages' of fields needs an image backbone; '{backbone.name}' reads text:"
                " give readout=last",
                kind="conflict",
                key="readout",
            )
        merged = backbone.grid[0] // backbone.stage_grids[0][0]
        patches = Patches(layout, output, backbone.grid, merged)
        super().__init__(sum(backbone.stage_widths), patches.values)
        self.patches = patches
        self.widths, self.grids = list(backbone.stage_widths), list(backbone.stage_grids)

    def inputs(self, features: Features) -> Tensor:
        """Enlarge the features of every stage to the finest grid: [B, P, R]."""
        maps = [self._enlarge(stage, grid) for stage, grid in zip(features, self.grids, strict=True)]
        return (torch.cat(maps, -1) - self.mean) / self.std

    def forward(self, features: Features) -> Tensor:
        """Predict [B, C', *size]; stages are mapped, then enlarged, which is the same and cheaper."""
        means, stds = torch.split(self.mean, self.widths), torch.split(self.std, self.widths)
        weights = torch.split(self.linear.weight, self.widths, 1)
        values: Tensor | None = None
        for stage, grid, mean, std, weight in zip(features, self.grids, means, stds, weights, strict=True):
            part = self._enlarge(F.linear((stage - mean) / std, weight), grid)
            values = part if values is None else values + part
        assert values is not None
        return self.assemble(values + self.linear.bias)

    def assemble(self, values: Tensor) -> Tensor:
        """Arrange patches [B, P, Q] as a field [B, C', *size]."""
        return self.patches.assemble(values)

    def disassemble(self, output: Tensor) -> Tensor:
        """Cut a field [B, C', *size] into patches [B, P, Q]."""
        return self.patches.disassemble(output)

    def _enlarge(self, stage: Tensor, grid: tuple[int, int]) -> Tensor:
        """Enlarge features [B, L_i, F] of a grid to the finest stage's grid: [B, P, F]."""
        if grid == self.grids[0]:
            return stage
        picture = stage.transpose(1, 2).reshape(len(stage), -1, *grid)
        larger = F.interpolate(picture, self.grids[0], mode="bilinear", align_corners=False)
        return larger.flatten(2).transpose(1, 2)


readouts.register("stages")(Readout(all_stages=True, pooled=StagesPredictor, dense=PyramidPredictor))
