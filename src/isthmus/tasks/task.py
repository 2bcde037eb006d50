"""Tasks, the target problems: data, kind of output, loss and metric. They know nothing of networks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from isthmus.errors import InputError
from isthmus.seeding import numpy_generator
from isthmus.store.lazy_array import LazyArray, join
from isthmus.tasks.arrays import prepare_inputs, to_array
from isthmus.tasks.cuts import Cut
from isthmus.tasks.losses import losses, weighted_losses
from isthmus.tasks.metric_names import metrics
from isthmus.tasks.origin import Origin
from isthmus.tasks.problem_types import Output, problem_types

if TYPE_CHECKING:
    from torch import Generator, Tensor
    from torchmetrics import Metric

Augment = Callable[["Tensor", "Tensor", "Generator"], tuple["Tensor", "Tensor"]]
"""Random change of a batch: (x [B, C, ...], y [B, ...], generator) -> x and y of the same shapes"""


@dataclass(frozen=True, eq=False)
class Split:
    """Samples and their targets.

    Anything with a shape and a dtype that returns an array when indexed by an array of integers, such as
    `LazyArray`, can take the place of an array. What a loss, a metric or an augmentation needs to know of a
    sample besides its target is stored in further channels of y, after those of the output.

    Attributes:
        x: float32 [N, C, L] or [N, C, H, W]; float64 where float32 would lose what varies.
        y: int64 class numbers [N, *size], or numbers [N, channels, *size] in the same types.
        cut: What divides the samples where some belong together; None to divide them at random.
        numbers: Number of each sample in the data that they were cut from; None where they are all of it.
        weights: Weight of each sample in the training loss, [N], about 1 on average; None where all count
            alike. Errors are of samples as they are.
    """

    x: np.ndarray
    y: np.ndarray
    cut: Cut | None = None
    numbers: np.ndarray | None = field(default=None, repr=False)
    weights: np.ndarray | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """Return the number of samples."""
        return int(self.x.shape[0])

    def __repr__(self) -> str:
        """Show the shapes."""
        return f"Split(x={list(self.x.shape)}, y={list(self.y.shape)})"

    def take(self, indices: np.ndarray) -> Split:
        """Return the samples with these indices, in their order, read into memory."""
        numbers, weights = self._numbers_of(indices), self._weights_of(indices)
        return Split(self.x[indices], self.y[indices], numbers=numbers, weights=weights)

    def number(self, index: int) -> int:
        """Return the number of a sample in the data that it was cut from."""
        return int(index if self.numbers is None else self.numbers[index])

    def part(self, indices: np.ndarray) -> Split:
        """Return the samples with these indices, in their order; lazy arrays stay unread."""
        arrays: list[Any] = [self.x, self.y]
        for number, array in enumerate(arrays):
            arrays[number] = array.part(indices) if isinstance(array, LazyArray) else array[indices]
        x, y = arrays
        cut = None if self.cut is None else self.cut.part(indices)
        return Split(x, y, cut, self._numbers_of(indices), self._weights_of(indices))

    def joined(self, other: Split) -> Split:
        """Return these samples, then those of another split; lazy arrays stay unread."""
        x, y = join(self.x, other.x), join(self.y, other.y)
        weights = None
        if self.weights is not None:
            theirs = np.ones(len(other)) if other.weights is None else other.weights
            weights = np.concatenate([self.weights, theirs])
        return Split(x, y, None if self.cut is None else self.cut.joined(other.cut), weights=weights)

    def _numbers_of(self, indices: np.ndarray) -> np.ndarray:
        return indices if self.numbers is None else self.numbers[indices]

    def _weights_of(self, indices: np.ndarray) -> np.ndarray | None:
        return None if self.weights is None else self.weights[indices]


@dataclass(frozen=True, eq=False)
class Task:
    """A target problem. Make one with `from_arrays`, or get one by name with `load_task`.

    Attributes:
        name: Name of the task in run folders and tables.
        kind: A name in `problem_types`: classification, multilabel, regression, segmentation.
        train: Training data.
        test: Test data, if there is any.
        output: Shape of the network's output.
        classes: The user's names of the classes in the order of the output's channels; () where there are
            none.
        y_mean: Mean of each output channel over the training targets; zeros for classes.
        y_std: Standard deviation of each output channel over the training targets; ones for classes.
        metric: A name in `metrics`.
        loss: A name in `losses`.
        about: One line about the task.
        validation: Published validation data; None to cut it from the training data.
        augment: Random change of training batches, never of validation or test batches.
        reference: A name in `metrics`: how the published code measures, where that is not `metric`.
        expert: The method whose network was designed by hand for the task: a name, or a name and options.
        origin: Where the data came from, if it is the user's own file.
        columns: Names of the values of a sample, which is a row of a table; () where it is none.
        filled_from: Makes the same task with its missing values filled in from the training samples with
            these numbers alone; None where nothing is filled in by what was found in training samples.
        class_weights: Weight of each class in the training loss, [K], or of an absent and a present label,
            [2, K], where these are not weights of whole samples; None where all count alike.
    """

    name: str
    kind: str
    train: Split
    test: Split | None
    output: Output
    classes: tuple[int | str, ...]
    y_mean: tuple[float, ...]
    y_std: tuple[float, ...]
    metric: str
    loss: str
    about: str = field(default="", repr=False)
    validation: Split | None = None
    augment: Augment | None = field(default=None, repr=False)
    reference: str | None = None
    expert: str | Mapping[str, Any] | None = None
    origin: Origin | None = field(default=None, repr=False)
    columns: tuple[str, ...] = field(default=(), repr=False)
    filled_from: Callable[[np.ndarray], Task] | None = field(default=None, repr=False)
    class_weights: np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Look up all names, so that an unknown one is reported before any work is done."""
        for registry, name in ((problem_types, self.kind), (metrics, self.metric), (losses, self.loss)):
            registry.check(name)
        if self.reference is not None:
            metrics.check(self.reference)

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
    ) -> Task:
        """Make a task from the user's own data.

        Args:
            x_train: Training samples: array or tensor [N, L], [N, C, L] or [N, C, H, W] (pictures of one
                channel are [N, 1, H, W]), or a list of series [L_i] or [C, L_i] of any length, which are
                resampled (linear interpolation) to the longest of the training series.
            y_train: Training targets, by kind. classification: [N], integers or text. multilabel: [N, K] of 0
                or 1. segmentation: [N, L] or [N, H, W], integers or text. regression: [N], [N, C'],
                [N, C', L] or [N, C', H, W].
            x_test: Test samples in the form of `x_train`, or None.
            y_test: Test targets in the form of `y_train`, or None.
            kind: A name in `problem_types`.
            name: Name of the task in run folders and tables.
            metric: A name in `metrics`; by default that of the kind.
            loss: A name in `losses`; by default that of the kind.
            about: One line that says what is measured and what is to be predicted.

        Raises:
            InputError: If anything is wrong with the data: what, where, and what would be right.
        """
        if (x_test is None) != (y_test is None):
            raise InputError(
                "give both x_test and y_test, or neither",
                kind="missing",
                key="x_test" if x_test is None else "y_test",
            )
        problem_type = problem_types[kind]()
        x_train, y_train = _as_arrays(x_train, y_train, "train")
        if x_test is not None:
            x_test, y_test = _as_arrays(x_test, y_test, "test", like=x_train)
        encoded = problem_type.encode(y_train, y_test)
        positions = x_train.shape[2:]
        if encoded.output.size and len(encoded.output.size) != len(positions):
            raise InputError(
                f"y_train has positions {list(encoded.output.size)} and x_train {list(positions)}; "
                "both must have the same number of dimensions",
                kind="conflict",
                key="y_train",
            )
        return cls(
            name=name,
            kind=kind,
            train=Split(x_train, encoded.y_train),
            test=None if encoded.y_test is None else Split(x_test, encoded.y_test),
            output=encoded.output,
            classes=encoded.classes,
            y_mean=encoded.y_mean,
            y_std=encoded.y_std,
            metric=metric or problem_type.metric(encoded.output),
            loss=loss or problem_type.loss,
            about=about,
        )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of a sample, (C, L) or (C, H, W)."""
        return tuple(self.train.x.shape[1:])

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 where there are none."""
        return len(self.classes)

    @property
    def shape(self) -> str:
        """One line: shape of a sample -> shape of the output, number of samples."""
        test = "" if self.test is None else f", {len(self.test)} test"
        output = [self.output.channels, *self.output.size]
        return f"{list(self.input_shape)} -> {output}, {len(self.train)} train{test}"

    @property
    def stratified(self) -> bool:
        """Whether y is one class for each sample, so that a split can keep the class proportions."""
        return problem_types[self.kind].stratified

    def trained_on_all(self) -> Task:
        """Return the task with its published validation data as training data, as the published code trains.

        Target statistics stay as they are: of some tasks they are part of the definition of the loss.
        """
        if self.validation is None:
            return self
        return replace(self, train=self.train.joined(self.validation), validation=None)

    def trained_on(self, train: Split, validation: Split | None) -> Task:
        """Return the task with a part of its training data, of which alone it knows statistics.

        These are the scale of the targets, and what missing values are filled in by.
        """
        if train is self.train:
            return replace(self, validation=validation)
        if self.filled_from is not None:
            task = self.filled_from(np.asarray(train.numbers))
            kept, cut_off = (
                part and task.train.part(np.asarray(part.numbers)) for part in (train, validation)
            )
            assert kept is not None
            return replace(task, filled_from=None).trained_on(kept, cut_off)
        mean, std = problem_types[self.kind]().target_scale(train.y, self.output.channels)
        y_mean, y_std = tuple(mean.tolist()), tuple(std.tolist())
        return replace(self, train=train, validation=validation, y_mean=y_mean, y_std=y_std)

    def sample_losses(self, output: Tensor, y: Tensor) -> Tensor:
        """Compute the loss of each sample from outputs [B, channels, *size] and y [B, ...]: float32 [B]."""
        import torch

        wide = output if output.dtype == torch.float64 else output.float()
        return losses[self.loss](wide, y, self.y_std).float()

    def training_losses(self, output: Tensor, y: Tensor) -> Tensor:
        """Compute the loss of each sample with the weights of classes, if there are any: float32 [B]."""
        if self.class_weights is None:
            return self.sample_losses(output, y)
        wide = output.float()
        return weighted_losses[self.loss](wide, y, wide.new_tensor(self.class_weights))

    def new_metric(self) -> Metric:
        """Return a fresh metric: `update(output, y)` with every batch, then `compute()`; lower is better."""
        return metrics[self.metric](self.output.channels)

    def decode(self, output: Tensor) -> np.ndarray:
        """Convert outputs [B, channels, *size] to predictions in the user's terms."""
        return problem_types[self.kind]().decode(output, self.classes)

    def probabilities(self, output: Tensor) -> np.ndarray:
        """Convert outputs [B, channels, *size] to probabilities of each class or label, of the same shape."""
        return problem_types[self.kind]().probabilities(output)

    def fingerprint(self) -> str:
        """Return a hash of the data, 64 hexadecimal digits: equal for equal samples, targets and order."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        """Hash of the data, computed once."""
        hashed = hashlib.sha256(repr((self.kind, self.classes, self.output)).encode())
        if self.train.cut is not None:  # other validation samples are other data
            hashed.update(type(self.train.cut).__name__.encode() + self.train.cut.keys.tobytes())
        if self.train.weights is not None:
            hashed.update(b"weights" + self.train.weights.tobytes())
        for split in (self.train, self.validation, self.test):
            arrays: tuple[Any, ...] = () if split is None else (split.x, split.y)
            for array in arrays:
                hashed.update(repr((tuple(array.shape), str(array.dtype))).encode())
                if isinstance(array, LazyArray) and array.digest:
                    hashed.update(array.digest.encode())
                    continue
                for start in range(0, array.shape[0], 1024):
                    rows = array[np.arange(start, min(start + 1024, array.shape[0]))]
                    hashed.update(np.ascontiguousarray(rows).tobytes())
        return hashed.hexdigest()


def _as_arrays(x: Any, y: Any, split: str, like: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Convert samples and targets as users have them to arrays [N, ...] of as many rows.

    Args:
        x: Samples.
        y: Targets.
        split: Name of the split, for messages.
        like: Array whose shape and type the samples must have; None for any.

    Raises:
        InputError: If something is wrong with either, or they differ in number.
    """
    input_shape, dtype = (None, None) if like is None else (like.shape[1:], like.dtype)
    samples, targets = prepare_inputs(x, input_shape, f"x_{split}", dtype), to_array(y, f"y_{split}")
    if targets.shape[:1] != samples.shape[:1]:
        number = len(targets) if targets.ndim else "none"
        message = f"x_{split} has {len(samples)} samples and y_{split} {number}"
        raise InputError(message, kind="conflict", key=f"y_{split}")
    return samples, targets


def split_validation(split: Split, fraction: float, seed: int, stratify: bool) -> tuple[Split, Split | None]:
    """Cut validation samples from training data; both parts keep the order of the samples.

    Args:
        split: Training data.
        fraction: Part of the samples to cut, in [0, 1); at least one sample is cut, and at least one is left.
        seed: Seed of the choice; the same seed makes the same cut.
        stratify: Whether to keep the class proportions (y must be class numbers [N]). Every class keeps at
            least one training sample.

    Returns:
        Training and validation data, which are disjoint and together the whole, but for samples that reach
        over a cut in time; None for validation if `fraction` is 0.

    Raises:
        InputError: If `fraction` is outside [0, 1), or there are too few samples to cut from.
    """
    if not 0 <= fraction < 1:
        raise InputError(f"the validation fraction is {fraction}; it must be in [0, 1)", key="validation")
    if fraction == 0:
        return split, None
    groups = np.asarray(split.y) if stratify else np.zeros(len(split), dtype=np.int64)
    if split.cut is not None:
        kept, cut_off = split.cut.divide(groups, fraction, seed)
        return split.part(kept), split.part(cut_off)
    sizes = np.bincount(groups)
    quota = fraction * sizes
    counts = np.floor(quota).astype(np.int64)
    # The largest remainders get one more each, until the total is right; every group keeps one sample.
    missing = max(0, max(1, round(quota.sum())) - counts.sum())
    candidates = np.flatnonzero(counts < sizes - 1)
    counts[candidates[np.argsort((counts - quota)[candidates], kind="stable")[:missing]]] += 1
    if not counts.any():
        raise InputError(
            "too few samples to cut validation data from; give more, or validation fraction 0",
            kind="conflict",
            key="validation",
        )
    order = numpy_generator(seed, "validation").permutation(len(split))
    chosen = np.zeros(len(split), dtype=bool)
    for group, count in enumerate(counts):
        chosen[order[groups[order] == group][:count]] = True
    return split.part(np.flatnonzero(~chosen)), split.part(np.flatnonzero(chosen))
