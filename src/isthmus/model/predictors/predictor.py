"""What a predictor is, and the registry of readouts: which features a predictor reads."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from isthmus.backbones import Backbone
from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.tasks import Output

Features = list[Tensor]
"""Features [B, L_i, F_i] at the end of each stage of the backbone, or of the last alone"""


class Predictor(nn.Module, ABC):
    """A map that is linear in features: outputs [B, C', *size] in standardised units.

    Each of P positions of the features (one, where a sample has one vector) gives Q numbers of the output:

        output = assemble(inputs(features) weight^T + bias)

    Args:
        backbone: Backbone whose features are read.
        layout: Layout of the tokens, (N,) or (rows, columns).
        output: Channels C' and size of the output.

    Attributes:
        linear: Layer that holds weight [Q, R] and bias [Q].
    """

    linear: nn.Linear

    def __init__(self, backbone: Backbone, layout: tuple[int, ...], output: Output) -> None:
        super().__init__()

    @abstractmethod
    def inputs(self, features: Features) -> Tensor:
        """Collect the inputs of the linear layer, [B, P, R]."""

    def fit_scale(self, inputs: Tensor) -> None:
        """Set what standardises the inputs, where a predictor does, from inputs [N, P, R] of training data.

        Args:
            inputs: Inputs as `inputs` gives them while nothing has been set.
        """

    def start_from(self, classifier: nn.Linear) -> None:
        """Start as a classifier of the mean of the last features.

        Raises:
            InputError: If the predictor gives a value for every position.
        """
        raise InputError(
            "a predictor of positions cannot start as a classifier", kind="conflict", key="source_labels"
        )

    def assemble(self, values: Tensor) -> Tensor:
        """Arrange the numbers [B, P, Q] of all positions as outputs [B, C', *size]."""
        return values[:, 0]

    def disassemble(self, output: Tensor) -> Tensor:
        """Arrange outputs [B, C', *size] as numbers [B, P, Q]: what `assemble` undoes."""
        return output[:, None]

    def forward(self, features: Features) -> Tensor:
        """Predict [B, C', *size] from features."""
        return self.assemble(self.linear(self.inputs(features)))


@dataclass(frozen=True)
class Readout:
    """Which features are read, and the predictors that read them.

    Attributes:
        all_stages: Whether features are read at the end of every stage, or of the last alone.
        pooled: Predictor of one vector a sample.
        dense: Predictor of a value for every position.
    """

    all_stages: bool
    pooled: type[Predictor]
    dense: type[Predictor]

    def encode(self, backbone: Backbone, tokens: Tensor) -> Features:
        """Encode tokens [B, L, D] as features, without the backbone's prefix."""
        if self.all_stages:
            return backbone.encode_stages(tokens)
        return [backbone.encode(tokens)[:, backbone.prefix :]]

    def predictor(self, backbone: Backbone, layout: tuple[int, ...], output: Output) -> Predictor:
        """Make the predictor of an output.

        Raises:
            InputError: If output and layout do not fit together.
        """
        kind = self.dense if output.size else self.pooled
        return kind(backbone, layout, output)


readouts: Registry[Readout] = Registry("readout", "isthmus.model.predictors")
