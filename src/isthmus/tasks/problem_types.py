"""Kinds of output: how targets are written as numbers, and outputs of the network read back.

One class a kind, in `problem_types` by name. The network's output is always [B, channels, *size].
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from isthmus.errors import InputError
from isthmus.registry import Registry
from isthmus.store.arrays import first_index
from isthmus.tasks.arrays import check_finite, to_array, to_numbers


@dataclass(frozen=True)
class Output:
    """What the network gives for a sample: [channels, *size]; `size` is () for one vector."""

    channels: int
    size: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Encoded:
    """Targets as numbers, and what must be known to read outputs back."""

    y_train: np.ndarray
    """int64 class numbers [N, *size], or float32 [N, channels, *size]"""
    y_test: np.ndarray | None
    output: Output
    classes: tuple[int | str, ...]
    """the user's names of the classes, in the order of the channels; () where there are none"""
    y_mean: tuple[float, ...]
    """mean of each channel over the training targets; zeros for classes"""
    y_std: tuple[float, ...]
    """standard deviation of each channel over the training targets; ones for classes"""


class ProblemType(ABC):
    """A kind of output. Has no state: what belongs to a task is passed in."""

    loss: ClassVar[str]
    """name of the loss, unless the task says another"""
    stratified: ClassVar[bool] = False
    """is y one class a sample, so that a split can keep the shares of the classes?"""

    @abstractmethod
    def metric(self, output: Output) -> str:
        """Name of the metric, unless the task says another."""

    @abstractmethod
    def encode(self, y_train: Any, y_test: Any = None) -> Encoded:
        """Check the user's targets and write them as numbers.

        Raises:
            InputError: if they do not fit the kind; says what, where, and what would.
        """

    @abstractmethod
    def decode(self, output: Tensor, classes: tuple[int | str, ...]) -> np.ndarray:
        """Predictions in the user's terms, from outputs [B, channels, *size]."""

    def probabilities(self, output: Tensor) -> np.ndarray:
        """Probability of each class or label, from outputs [B, channels, *size]: the same shape.

        Raises:
            InputError: if the kind has none.
        """
        raise InputError("only tasks with classes or labels have probabilities")


problem_types: Registry[type[ProblemType]] = Registry("kind", "isthmus.tasks")


@problem_types.register("classification")
class Classification(ProblemType):
    """One class a sample. y: [N], integers or text."""

    loss = "cross-entropy"
    stratified = True
    ranks: ClassVar[tuple[int, ...]] = (1,)
    takes: ClassVar[str] = "classification takes one label a sample, [N]; see also multilabel, segmentation"

    def metric(self, output: Output) -> str:
        return "error"

    def encode(self, y_train: Any, y_test: Any = None) -> Encoded:
        train = self._labels(y_train, "y_train")
        classes, numbers = np.unique(train, return_inverse=True)
        test = None if y_test is None else self._labels(y_test, "y_test")
        if test is not None:
            _check_same("labels", train, test)
            _check_known(classes, test, train.size)
        if len(classes) < 2:
            raise InputError(f"y_train holds one class only, {classes[0].item()!r}; give two or more")
        channels = len(classes)
        return Encoded(
            y_train=numbers.reshape(train.shape),
            y_test=None if test is None else np.searchsorted(classes, test),
            output=Output(channels, train.shape[1:]),
            classes=tuple(classes.tolist()),
            y_mean=(0.0,) * channels,
            y_std=(1.0,) * channels,
        )

    def decode(self, output: Tensor, classes: tuple[int | str, ...]) -> np.ndarray:
        """The likeliest class, by the user's name: [B, *size]."""
        return np.asarray(classes)[output.argmax(1).cpu().numpy()]

    def probabilities(self, output: Tensor) -> np.ndarray:
        return output.detach().float().softmax(1).cpu().numpy()

    def _labels(self, y: Any, name: str) -> np.ndarray:
        """The user's labels as text or int64."""
        labels = to_array(y, name)
        if labels.ndim not in self.ranks:
            raise InputError(f"{name} has shape {list(labels.shape)}; {self.takes}")
        if labels.dtype.kind in "US":
            return labels.astype(str)
        if labels.dtype.kind not in "biuf":
            raise InputError(f"{name} holds {labels.dtype} values; labels are integers or text")
        check_finite(labels, name)
        fractions = labels != np.round(labels)
        if fractions.any():
            where = first_index(fractions)
            raise InputError(
                f"{name} holds {labels[tuple(where)]:.4g} at {where}, which is no class; "
                'for numbers to predict give kind="regression"'
            )
        return labels.astype(np.int64)


@problem_types.register("segmentation")
class Segmentation(Classification):
    """One class a position. y: [N, L] or [N, H, W], integers or text."""

    stratified = False
    ranks = (2, 3)
    takes = "segmentation takes one label a position, [N, L] or [N, H, W]"


@problem_types.register("multilabel")
class Multilabel(ProblemType):
    """Several labels a sample. y: [N, K] of 0 or 1."""

    loss = "bce"

    def metric(self, output: Output) -> str:
        return "1-map"

    def encode(self, y_train: Any, y_test: Any = None) -> Encoded:
        train = self._labels(y_train, "y_train")
        test = None if y_test is None else self._labels(y_test, "y_test")
        if test is not None:
            _check_same("labels", train, test)
        if train.min() == train.max():
            raise InputError(f"every label in y_train is {train.min():.0f}; there is nothing to learn")
        channels = train.shape[1]
        return Encoded(
            train, test, Output(channels), tuple(range(channels)), (0.0,) * channels, (1.0,) * channels
        )

    def decode(self, output: Tensor, classes: tuple[int | str, ...]) -> np.ndarray:
        """1 where the label is likelier than not, else 0: [B, K]."""
        return (output > 0).long().cpu().numpy()

    def probabilities(self, output: Tensor) -> np.ndarray:
        return output.detach().float().sigmoid().cpu().numpy()

    def _labels(self, y: Any, name: str) -> np.ndarray:
        labels = to_numbers(y, name)
        if labels.ndim != 2:
            raise InputError(f"{name} has shape {list(labels.shape)}; multilabel takes 0 or 1 in [N, K]")
        other = (labels != 0) & (labels != 1)
        if other.any():
            where = first_index(other)
            raise InputError(f"{name} holds {labels[tuple(where)]:.4g} at {where}; multilabel takes 0 or 1")
        return labels


@problem_types.register("regression")
class Regression(ProblemType):
    """Numbers. y: [N] or [N, C'], one vector a sample; [N, C', L] or [N, C', H, W], a dense field."""

    loss = "mse"

    def metric(self, output: Output) -> str:
        return "nrmse" if output.size else "rmse"

    def encode(self, y_train: Any, y_test: Any = None) -> Encoded:
        train = self._numbers(y_train, "y_train")
        test = None if y_test is None else self._numbers(y_test, "y_test")
        if test is not None:
            _check_same("targets", train, test)
        axes = (0, *range(2, train.ndim))
        mean = train.mean(axes, dtype=np.float64)
        std = train.std(axes, dtype=np.float64)
        if not std.any():
            raise InputError("y_train is the same for every sample; there is nothing to learn")
        std[std == 0] = 1.0  # a constant channel is learnt by its mean alone
        output = Output(train.shape[1], train.shape[2:])
        return Encoded(train, test, output, (), tuple(mean.tolist()), tuple(std.tolist()))

    def decode(self, output: Tensor, classes: tuple[int | str, ...]) -> np.ndarray:
        """[B] for a single number a sample, else the vector or field [B, C', *size]."""
        numbers = output.detach().float().cpu().numpy()
        return numbers[:, 0] if numbers.shape[1:] == (1,) else numbers

    def _numbers(self, y: Any, name: str) -> np.ndarray:
        numbers = to_numbers(y, name)
        if numbers.ndim not in (1, 2, 3, 4) or numbers.size == 0:
            raise InputError(
                f"{name} has shape {list(numbers.shape)}; "
                "regression takes [N], [N, C], [N, C, L] or [N, C, H, W]"
            )
        return numbers[:, None] if numbers.ndim == 1 else numbers


def _check_same(what: str, train: np.ndarray, test: np.ndarray) -> None:
    """Training and test targets must be of one type and shape, but for their number."""
    if train.dtype.kind != test.dtype.kind:
        words = {"U": "text", "i": "integers"}
        raise InputError(
            f"y_train holds {words[train.dtype.kind]} and y_test {words[test.dtype.kind]}; give one type"
        )
    if train.shape[1:] != test.shape[1:]:
        raise InputError(
            f"{what} have shape {list(train.shape[1:])} in y_train and {list(test.shape[1:])} in y_test"
        )


def _check_known(classes: np.ndarray, test: np.ndarray, samples: int) -> None:
    """Every class of the test data must be among the classes of the training data's so many labels."""
    foreign = np.setdiff1d(test, classes)
    if samples < len(classes) + len(foreign):
        raise InputError(
            f"y_train has fewer samples, {samples}, than there are classes, {len(classes) + len(foreign)}"
        )
    if len(foreign):
        shown = ", ".join(repr(c) for c in foreign[:5].tolist()) + (", ..." if len(foreign) > 5 else "")
        raise InputError(f"y_test holds classes that y_train lacks: {shown}")
