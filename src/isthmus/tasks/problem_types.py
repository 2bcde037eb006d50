"""Kinds of output: how targets are encoded as numbers, and how the network's outputs are decoded.

Each kind is a class in `problem_types`, by name. The network's output is always [B, channels, *size].
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.store.arrays import first_index
from isthmus.tasks.arrays import to_array, to_compact, to_numbers
from isthmus.tasks.scaling import by_channel, divisor, varies
from isthmus.tasks.targets import check_alike, text_labels, too_large

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Output:
    """Shape of the network's output for a sample, [channels, *size]; `size` is () for a single vector."""

    channels: int
    size: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Encoded:
    """Targets as numbers, with what is needed to decode outputs.

    Attributes:
        y_train: Training targets: int64 class numbers [N, *size], or float32 [N, channels, *size]; float64
            where float32 would lose what varies.
        y_test: Test targets in the same form, or None.
        output: Shape of the network's output.
        classes: The user's names of the classes in the order of the channels; () where there are none.
        y_mean: Mean of each channel over the training targets; zeros for classes.
        y_std: Standard deviation of each channel over the training targets; ones for classes.
    """

    y_train: np.ndarray
    y_test: np.ndarray | None
    output: Output
    classes: tuple[int | str, ...]
    y_mean: tuple[float, ...]
    y_std: tuple[float, ...]


class ProblemType(ABC):
    """A kind of output. It has no state: whatever belongs to a task is passed in.

    Attributes:
        loss: Name of the default loss.
        stratified: Whether y is one class for each sample, so that a split can keep the class proportions.
    """

    loss: ClassVar[str]
    stratified: ClassVar[bool] = False

    @abstractmethod
    def metric(self, output: Output) -> str:
        """Return the name of the default metric for outputs of this shape."""

    @abstractmethod
    def encode(self, y_train: Any, y_test: Any = None) -> Encoded:
        """Check the user's targets and encode them as numbers.

        Args:
            y_train: Training targets.
            y_test: Test targets, or None.

        Raises:
            InputError: If the targets do not fit the kind; says what is wrong, where, and what would be
                right.
        """

    @abstractmethod
    def decode(self, output: Tensor, classes: tuple[int | str, ...]) -> np.ndarray:
        """Convert outputs [B, channels, *size] to predictions in the user's terms."""

    def true_values(self, y: np.ndarray, channels: int, classes: tuple[int | str, ...]) -> np.ndarray:
        """Convert stored targets [B, ...] to the user's terms, in which `decode` gives predictions."""
        return y[:, :channels]

    def probabilities(self, output: Tensor) -> np.ndarray:
        """Convert outputs [B, channels, *size] to probabilities of each class or label, of the same shape.

        Raises:
            InputError: If the kind has no probabilities.
        """
        raise InputError("only tasks with classes or labels have probabilities", key="kind")

    def average(self, outputs: Tensor) -> Tensor:
        """Average V outputs for each sample: [B, V, channels, *size] to [B, channels, *size].

        Where there are probabilities, it is these that are averaged.
        """
        return outputs.mean(1)

    def as_numbers(self, y: Tensor, channels: int) -> Tensor:
        """Return targets as numbers to regress on, [N, channels, *size]: -1 and 1 for classes and labels."""
        return y[:, :channels]

    def count_classes(self, y: np.ndarray, channels: int) -> np.ndarray:
        """Count each class over stored targets [N, ...]: [K]; for labels the absent and present ones, [2, K].

        Raises:
            InputError: If the kind has no classes.
        """
        raise InputError(
            "class_weights=balanced is for classes or labels, and the targets are numbers; leave it out",
            kind="conflict",
            key="class_weights",
        )

    def logit_factor(self, outputs: Tensor, y: Tensor) -> float:
        """Return the factor on outputs that makes their probabilities fit y best; 1 where there are none."""
        return 1.0

    def target_scale(self, y: Any, channels: int) -> tuple[np.ndarray, np.ndarray]:
        """Compute mean and standard deviation of each output channel over encoded targets: zeros and ones."""
        return np.zeros(channels), np.ones(channels)


problem_types: Registry[type[ProblemType]] = Registry("kind")


@problem_types.register("classification")
class Classification(ProblemType):
    """One class for each sample. y is [N], integers or text."""

    loss = "cross-entropy"
    stratified = True
    ranks: ClassVar[tuple[int, ...]] = (1,)
    usage: ClassVar[str] = "classification takes one label a sample, [N]; see also multilabel, segmentation"

    def metric(self, output: Output) -> str:
        """Return the name of the default metric."""
        return "error"

    def encode(self, y_train: Any, y_test: Any = None) -> Encoded:
        """Assign numbers to the classes of the training labels in sorted order.

        Raises:
            InputError: If the labels do not fit, there is only one class, or test labels have others.
        """
        train = self._labels(y_train, "y_train")
        classes, numbers = np.unique(train, return_inverse=True)
        channels, test = len(classes), None
        if y_test is not None:
            labels = self._labels(y_test, "y_test")
            check_alike("labels", train, labels)
            unknown = np.setdiff1d(labels, classes)
            if train.size < channels + len(unknown):
                raise InputError(
                    f"y_train has fewer samples, {train.size}, "
                    f"than there are classes, {channels + len(unknown)}",
                    key="y_train",
                )
            if len(unknown):
                shown = ", ".join(map(repr, unknown[:5].tolist())) + (", ..." if len(unknown) > 5 else "")
                raise InputError(f"y_test holds classes that y_train lacks: {shown}", key="y_test")
            test = np.searchsorted(classes, labels)
        if channels < 2:
            raise InputError(
                f"y_train holds one class only, {classes[0].item()!r}; give two or more", key="y_train"
            )
        return Encoded(
            y_train=numbers.reshape(train.shape),
            y_test=test,
            output=Output(channels, train.shape[1:]),
            classes=tuple(classes.tolist()),
            y_mean=(0.0,) * channels,
            y_std=(1.0,) * channels,
        )

    def decode(self, output: Tensor, classes: tuple[int | str, ...]) -> np.ndarray:
        """Return the most probable class by the user's name: [B, *size]."""
        return self.true_values(output.argmax(1).cpu().numpy(), output.shape[1], classes)

    def true_values(self, y: np.ndarray, channels: int, classes: tuple[int | str, ...]) -> np.ndarray:
        """Return classes by the user's names: [B, *size]."""
        names: np.ndarray = np.asarray(classes)[y]
        return names

    def probabilities(self, output: Tensor) -> np.ndarray:
        """Return the softmax over the classes: [B, K, *size]."""
        return output.detach().float().softmax(1).cpu().numpy()

    def average(self, outputs: Tensor) -> Tensor:
        """Average the probabilities; the result is their logarithm, which serves as logits."""
        return outputs.log_softmax(2).logsumexp(1) - math.log(outputs.shape[1])

    def as_numbers(self, y: Tensor, channels: int) -> Tensor:
        """Return 1 in the channel of the class and -1 in the others."""
        from torch.nn import functional as F

        return 2.0 * F.one_hot(y, channels).movedim(-1, 1).float() - 1

    def count_classes(self, y: np.ndarray, channels: int) -> np.ndarray:
        """Count each class over samples and positions: [K]."""
        return np.bincount(y.ravel(), minlength=channels)

    def logit_factor(self, outputs: Tensor, y: Tensor) -> float:
        """Return the factor of the least cross-entropy (temperature scaling, Guo et al., ICML 2017)."""
        from torch.nn import functional as F

        return _best_factor(lambda factor: float(F.cross_entropy(factor * outputs, y)))

    def _labels(self, y: Any, name: str) -> np.ndarray:
        """Convert the user's labels to text or int64."""
        labels = to_array(y, name)
        if labels.ndim not in self.ranks:
            raise InputError(f"{name} has shape {list(labels.shape)}; {self.usage}", key=name)
        if labels.dtype.kind in "US":
            return text_labels(labels, name)
        if labels.dtype.kind not in "biuf":
            raise InputError(f"{name} holds {labels.dtype} values; labels are integers or text", key=name)
        labels = to_numbers(labels, name, dtype=None)
        for wrong, why in (
            (labels != np.round(labels), 'is no class; for numbers to predict give kind="regression"'),
            (
                too_large(labels),
                "is too large for a class number; give classes as text",
            ),
        ):
            if wrong.any():
                where = first_index(wrong)
                raise InputError(f"{name} holds {labels[tuple(where)]:.6g} at {where}, which {why}", key=name)
        return labels.astype(np.int64)


@problem_types.register("segmentation")
class Segmentation(Classification):
    """One class for each position. y is [N, L] or [N, H, W], integers or text."""

    stratified = False
    ranks = (2, 3)
    usage = "segmentation takes one label a position, [N, L] or [N, H, W]"


@problem_types.register("multilabel")
class Multilabel(ProblemType):
    """Several labels for each sample. y is [N, K] of 0 or 1."""

    loss = "bce"

    def metric(self, output: Output) -> str:
        """Return the name of the default metric."""
        return "1-map"

    def encode(self, y_train: Any, y_test: Any = None) -> Encoded:
        """Convert the labels to float32; classes are the numbers of the columns.

        Raises:
            InputError: If the labels do not fit or are all the same.
        """
        train = self._labels(y_train, "y_train")
        test = None if y_test is None else self._labels(y_test, "y_test")
        if test is not None:
            check_alike("labels", train, test)
        if train.min() == train.max():
            raise InputError(
                f"every label in y_train is {train.min():.0f}; there is nothing to learn", key="y_train"
            )
        channels = train.shape[1]
        return Encoded(
            train, test, Output(channels), tuple(range(channels)), (0.0,) * channels, (1.0,) * channels
        )

    def decode(self, output: Tensor, classes: tuple[int | str, ...]) -> np.ndarray:
        """Return 1 where a label is more probable than not, else 0: [B, K]."""
        return (output > 0).long().cpu().numpy()

    def true_values(self, y: np.ndarray, channels: int, classes: tuple[int | str, ...]) -> np.ndarray:
        """Return 0 or 1 for each label: [B, K]."""
        return y[:, :channels].astype(np.int64)

    def probabilities(self, output: Tensor) -> np.ndarray:
        """Return the sigmoid of each label's logit: [B, K]."""
        return output.detach().float().sigmoid().cpu().numpy()

    def average(self, outputs: Tensor) -> Tensor:
        """Average the probabilities, and return the logits of the averages."""
        from torch.nn import functional as F

        present = F.logsigmoid(outputs).logsumexp(1)
        return present - F.logsigmoid(-outputs).logsumexp(1)

    def as_numbers(self, y: Tensor, channels: int) -> Tensor:
        """Return 1 for a label that is there and -1 for one that is not."""
        return 2 * y[:, :channels].float() - 1

    def count_classes(self, y: np.ndarray, channels: int) -> np.ndarray:
        """Count the samples without and with each label: [2, K]."""
        present = (y[:, :channels] > 0).sum(0)
        return np.stack([len(y) - present, present])

    def logit_factor(self, outputs: Tensor, y: Tensor) -> float:
        """Return the factor of the least binary cross-entropy."""
        from torch.nn import functional as F

        labels = y[:, : outputs.shape[1]].to(outputs.dtype)
        return _best_factor(
            lambda factor: float(F.binary_cross_entropy_with_logits(factor * outputs, labels))
        )

    def _labels(self, y: Any, name: str) -> np.ndarray:
        """Convert the user's labels to float32 [N, K] of 0 or 1."""
        labels = to_numbers(y, name)
        if labels.ndim != 2:
            raise InputError(
                f"{name} has shape {list(labels.shape)}; multilabel takes 0 or 1 in [N, K]", key=name
            )
        other = (labels != 0) & (labels != 1)
        if other.any():
            where = first_index(other)
            raise InputError(
                f"{name} holds {labels[tuple(where)]:.4g} at {where}; multilabel takes 0 or 1", key=name
            )
        return labels


@problem_types.register("regression")
class Regression(ProblemType):
    """Numbers. y is [N] or [N, C'], a vector for each sample; [N, C', L] or [N, C', H, W], a dense field."""

    loss = "mse"

    def metric(self, output: Output) -> str:
        """Return the name of the default metric: relative for fields."""
        return "nrmse" if output.size else "rmse"

    def encode(self, y_train: Any, y_test: Any = None) -> Encoded:
        """Convert the targets to numbers, with mean and standard deviation of each channel.

        Raises:
            InputError: If the targets do not fit or are all the same.
        """
        train = to_compact(self._numbers(y_train, "y_train"), "y_train")
        test = None if y_test is None else self._numbers(y_test, "y_test", train.dtype)
        if test is not None:
            check_alike("targets", train, test)
        if not varies(*by_channel(train), train.dtype).any():
            raise InputError("y_train is the same for every sample; there is nothing to learn", key="y_train")
        mean, std = self.target_scale(train, train.shape[1])
        output = Output(train.shape[1], train.shape[2:])
        return Encoded(train, test, output, (), tuple(mean.tolist()), tuple(std.tolist()))

    def target_scale(self, y: Any, channels: int) -> tuple[np.ndarray, np.ndarray]:
        """Compute mean and standard deviation of each channel over samples and positions."""
        mean, std = (statistic[:channels] for statistic in by_channel(y))
        return mean, divisor(mean, std, y.dtype)

    def decode(self, output: Tensor, classes: tuple[int | str, ...]) -> np.ndarray:
        """Return [B] if a sample has a single number, else the vectors or fields [B, C', *size]."""
        import torch

        wide = output if output.dtype == torch.float64 else output.float()
        return self.true_values(wide.detach().cpu().numpy(), output.shape[1], classes)

    def true_values(self, y: np.ndarray, channels: int, classes: tuple[int | str, ...]) -> np.ndarray:
        """Return [B] if a sample has a single number, else the vectors or fields [B, C', *size]."""
        numbers = y[:, :channels]
        return numbers[:, 0] if numbers.shape[1:] == (1,) else numbers

    def _numbers(self, y: Any, name: str, dtype: np.dtype | None = None) -> np.ndarray:
        """Convert the user's targets to numbers [N, C', *size] of a type, or of their own."""
        numbers = to_numbers(y, name, dtype)
        if numbers.ndim not in (1, 2, 3, 4) or numbers.size == 0:
            raise InputError(
                f"{name} has shape {list(numbers.shape)}; "
                "regression takes [N], [N, C], [N, C, L] or [N, C, H, W]",
                key=name,
            )
        return numbers[:, None] if numbers.ndim == 1 else numbers


def _best_factor(loss: Callable[[float], float]) -> float:
    """Return the factor between e^-3 and e^5 that minimises a loss."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda power: loss(math.exp(power)), bounds=(-3.0, 5.0), method="bounded")
    return math.exp(found.x)
