"""A task: the target problem. Knows data, kind of output, loss and metric; nothing of networks."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Generator, Tensor
from torchmetrics import Metric

from isthmus.errors import InputError
from isthmus.store.lazy_array import digest, part
from isthmus.tasks.arrays import to_array
from isthmus.tasks.inputs import prepare_inputs
from isthmus.tasks.losses import losses
from isthmus.tasks.metrics import metrics
from isthmus.tasks.problem_types import Output, problem_types

Augment = Callable[[Tensor, Tensor, Generator], tuple[Tensor, Tensor]]
"""(x [B, C, ...], y [B, ...], generator of its draws) -> x and y of the same shapes, changed at random"""


@dataclass(frozen=True, eq=False)
class Split:
    """Samples and their targets.

    Anything with a shape and a dtype that gives an array for an array of integers can stand for an array,
    such as `LazyArray`. What a loss, a metric or an augmentation must know of a sample beside its target rides in
    further channels of y, behind those of the output.
    """

    x: np.ndarray
    """float32 [N, C, L] or [N, C, H, W]"""
    y: np.ndarray
    """int64 class numbers [N, *size], or float32 [N, channels, *size]"""

    def __len__(self) -> int:
        return self.x.shape[0]

    def __repr__(self) -> str:
        return f"Split(x={list(self.x.shape)}, y={list(self.y.shape)})"

    def take(self, indices: np.ndarray) -> "Split":
        """The samples of those indices, in their order."""
        return Split(self.x[indices], self.y[indices])

    def part(self, indices: np.ndarray) -> "Split":
        """The same, but what is read in parts stays unread."""
        return Split(part(self.x, indices), part(self.y, indices))


@dataclass(frozen=True, eq=False)
class Task:
    """A target problem. Make one with `from_arrays`, or get one by name with `load_task`."""

    name: str
    kind: str
    """a name in `problem_types`: classification, multilabel, regression, segmentation"""
    train: Split
    test: Split | None
    output: Output
    classes: tuple[int | str, ...]
    """the user's names of the classes, in the order of the output's channels; () where there are none"""
    y_mean: tuple[float, ...]
    """mean of each output channel over the training targets; zeros for classes"""
    y_std: tuple[float, ...]
    """standard deviation of each output channel over the training targets; ones for classes"""
    metric: str
    """a name in `metrics`"""
    loss: str
    """a name in `losses`"""
    about: str = field(default="", repr=False)
    """one line"""
    validation: Split | None = None
    """published validation data; None to cut it from the training data"""
    augment: Augment | None = field(default=None, repr=False)
    """changes the batches of training; never those of validation or test"""
    reference: str | None = None
    """a name in `metrics`: how the published code measures, where that is not `metric`"""
    expert: str | Mapping[str, Any] | None = None
    """the method whose network was designed by hand for it: a name, or a name and options"""

    def __post_init__(self) -> None:
        for registry, name in ((problem_types, self.kind), (metrics, self.metric), (losses, self.loss)):
            registry[name]  # an unknown name is said here, before any work
        if self.reference is not None:
            metrics[self.reference]

    @classmethod
    def from_arrays(
        cls,
        x_train: Any,
        y_train: Any,
        x_test: Any = None,
        y_test: Any = None,
        *,
        kind: str = "classification",
        name: str = "arrays",
        metric: str | None = None,
        loss: str | None = None,
        about: str = "",
    ) -> "Task":
        """A task from the user's own data.

        Args:
            x_train, x_test: arrays or tensors [N, L], [N, C, L] or [N, C, H, W] (pictures of one
                channel are [N, 1, H, W]), or lists of series [L_i] or [C, L_i] of any length, which are
                resampled (linear interpolation) to the longest of the training series.
            y_train, y_test: by kind. classification: [N], integers or text. multilabel: [N, K] of 0
                or 1. segmentation: [N, L] or [N, H, W], integers or text. regression: [N], [N, C'],
                [N, C', L] or [N, C', H, W].
            kind: a name in `problem_types`.
            name: what the task is called in run folders and tables.
            metric, loss: names in `metrics` and `losses`; by default those of the kind.
            about: one line on what is measured and what is to be told from it.

        Raises:
            InputError: if anything is wrong with them: what, where, and what would be right.
        """
        if (x_test is None) != (y_test is None):
            raise InputError("give both x_test and y_test, or neither")
        rules = problem_types[kind]()
        x = prepare_inputs(x_train, None, "x_train")
        y_train = _targets(y_train, "y_train", x, "x_train")
        if x_test is not None:
            x_test = prepare_inputs(x_test, x.shape[1:], "x_test")
            y_test = _targets(y_test, "y_test", x_test, "x_test")
        encoded = rules.encode(y_train, y_test)
        if encoded.output.size and len(encoded.output.size) != x.ndim - 2:
            raise InputError(
                f"y_train has positions {list(encoded.output.size)} and x_train {list(x.shape[2:])}; "
                "both must have the same number of dimensions"
            )
        return cls(
            name=name,
            kind=kind,
            train=Split(x, encoded.y_train),
            test=None if encoded.y_test is None else Split(x_test, encoded.y_test),
            output=encoded.output,
            classes=encoded.classes,
            y_mean=encoded.y_mean,
            y_std=encoded.y_std,
            metric=metric or rules.metric(encoded.output),
            loss=loss or rules.loss,
            about=about,
        )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(C, L) or (C, H, W)"""
        return tuple(self.train.x.shape[1:])

    @property
    def n_classes(self) -> int:
        """0 where there are no classes"""
        return len(self.classes)

    @property
    def shape(self) -> str:
        """One line: shape of a sample -> shape of the output, number of samples."""
        test = "" if self.test is None else f", {len(self.test)} test"
        output = [self.output.channels, *self.output.size]
        return f"{list(self.input_shape)} -> {output}, {len(self.train)} train{test}"

    @property
    def stratified(self) -> bool:
        """Is y one class a sample, so that a split can keep the shares of the classes?"""
        return problem_types[self.kind].stratified

    def sample_losses(self, output: Tensor, y: Tensor) -> Tensor:
        """The loss of each sample: [B, channels, *size] and y [B, ...] -> [B], float32."""
        return losses[self.loss](output.float(), y, self.y_std)

    def new_metric(self) -> Metric:
        """A fresh metric: `update(output, y)` with every batch, then `compute()`; lower is better."""
        return metrics[self.metric](self.output)

    def decode(self, output: Tensor) -> np.ndarray:
        """Predictions in the user's terms, from outputs [B, channels, *size]."""
        return problem_types[self.kind]().decode(output, self.classes)

    def probabilities(self, output: Tensor) -> np.ndarray:
        """Probability of each class or label, from outputs [B, channels, *size]: the same shape."""
        return problem_types[self.kind]().probabilities(output)

    def fingerprint(self) -> str:
        """Hash of the data, 64 hexadecimal digits: the same for the same samples, targets and order."""
        hashed = hashlib.sha256(repr((self.kind, self.classes, self.output)).encode())
        for split in (self.train, self.validation, self.test):
            for array in () if split is None else (split.x, split.y):
                hashed.update(repr((tuple(array.shape), str(array.dtype))).encode())
                if digest(array):
                    hashed.update(digest(array).encode())
                    continue
                for start in range(0, array.shape[0], 1024):
                    part = array[np.arange(start, min(start + 1024, array.shape[0]))]
                    hashed.update(np.ascontiguousarray(part).tobytes())
        return hashed.hexdigest()


def _targets(y: Any, name: str, x: np.ndarray, x_name: str) -> np.ndarray:
    """y as an array that has a target for each sample of x."""
    targets = to_array(y, name)
    if targets.shape[:1] != x.shape[:1]:
        raise InputError(
            f"{x_name} has {len(x)} samples and {name} {len(targets) if targets.ndim else 'none'}"
        )
    return targets
