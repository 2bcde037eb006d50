"""Probe: a linear predictor on frozen features of a pretrained backbone, in closed form, within seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.model_selection import KFold, StratifiedKFold
from torch import Tensor

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods.cross_modal import OnBackbone
from isthmus.methods.frozen_features import frozen_inputs, kept_positions
from isthmus.methods.method import OneShotMethod
from isthmus.methods.options import check_at_least
from isthmus.methods.registry import methods
from isthmus.methods.ridge_path import cross_validated_ridge
from isthmus.model import CrossModalNet
from isthmus.model.predictors import Predictor
from isthmus.seeding import numpy_generator
from isthmus.tasks import Split, Task
from isthmus.tasks.problem_types import problem_types

FOLDS = 5


@methods.register("probe")
class Probe(OnBackbone, OneShotMethod[CrossModalNet]):
    """Ridge regression on the features of the network as it starts; nothing else learns.

    Classes and labels are regressed as -1 and 1, and the result is scaled so that its probabilities fit best;
    targets given by position are regressed position by position. The penalty is chosen by cross-validation.
    Of more than `probe_samples` training samples, that many are drawn; 0 takes all of them.

    Args:
        folds: Number of parts of the cross-validation; None for 5, or fewer where a class has fewer samples.
    """

    settings = OnBackbone.settings | OneShotMethod.settings
    weighs_samples = True

    def __init__(self, *, folds: int | None = None) -> None:
        check_at_least(2, "probe", folds=folds)
        self.folds = folds

    def fit(self, net: CrossModalNet, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Fit the predictors; validation data is not used."""
        fit_probe(
            net, some_samples(train, config.model.probe_samples or len(train)), folds=self.folds
        ).give_to(net)


@dataclass(frozen=True)
class ProbeFit:
    """Result of a probe.

    Attributes:
        weights: Weight [Q, R] and bias [Q] for the linear layer of each view's predictor.
        squared_error: Mean squared error on samples left out, of targets as numbers in units of their
            deviation.
        outputs: Outputs [N, C'] for the samples by fits that had not seen them; None for targets given by
            position, of which only some positions are looked at.
    """

    weights: list[tuple[Tensor, Tensor]]
    squared_error: float
    outputs: Tensor | None

    @torch.no_grad()
    def give_to(self, net: CrossModalNet) -> None:
        """Set the predictors of a network."""
        for head, (weight, bias) in zip(net.heads(), self.weights, strict=True):
            head.linear.weight.copy_(weight)
            head.linear.bias.copy_(bias)

    @staticmethod
    def average(fits: "Sequence[ProbeFit]", task: Task) -> "ProbeFit | None":
        """Average the outputs of probes of several networks; None for targets given by position."""
        outputs = [fitted.outputs for fitted in fits if fitted.outputs is not None]
        if len(outputs) < len(fits):
            return None
        averaged = problem_types[task.kind]().average(torch.stack(outputs, 1))
        return ProbeFit([], min(fitted.squared_error for fitted in fits), averaged)

    def error(self, task: Task, y: np.ndarray) -> float:
        """Compute the cross-validated error by the task's metric.

        For targets given by position it is the root of `squared_error`.

        Args:
            task: Task of the samples.
            y: Targets of the samples, [N, ...].
        """
        if self.outputs is None:
            return float(self.squared_error**0.5)
        metric = task.new_metric()
        metric.update(self.outputs, torch.from_numpy(y))
        return float(metric.compute())


def some_samples(train: Split, most: int) -> Split:
    """Return all samples, or `most` of them, drawn in the same way at every call."""
    if len(train) <= most:
        return train
    return train.part(np.sort(numpy_generator(0, "probe").permutation(len(train))[:most]))


@torch.no_grad()
def fit_probe(
    net: CrossModalNet, train: Split, copies: tuple[np.ndarray, ...] = (), folds: int | None = None
) -> ProbeFit:
    """Fit a probe to training samples; the network is left as it is.

    Args:
        net: Network as it starts, its scale known.
        train: Training samples.
        copies: Changed copies [N, C, ...] of all samples, which are fitted to in their place, as a training
            does that changes every sample it sees; errors are measured on the samples as they are.
        folds: Number of parts of the cross-validation; None for 5, or fewer where a class has fewer samples.

    Raises:
        InputError: If there are more folds than samples, or than samples of a class.
    """
    kind = problem_types[net.spec.kind]()
    y = torch.from_numpy(np.asarray(train.y))
    shape = (-1, *[1] * len(net.spec.output_size))
    mean, std = net.y_mean.cpu().view(shape), net.y_std.cpu().view(shape)
    numbers = (kind.as_numbers(y, net.spec.output_channels) - mean) / std
    fold = (
        train.cut.folds(folds or FOLDS)
        if train.cut is not None
        else fold_numbers(train.y if kind.stratified else np.zeros(len(train), int), folds)
    )
    heads = net.heads()
    seen = [frozen_inputs(net, np.asarray(x), heads) for x in (train.x, *copies)]
    weights, outputs, errors = [], [], []
    for number, head in enumerate(heads):
        inputs = torch.cat([part[number] for part in seen])
        targets = _targets(head, numbers, len(train)).repeat(len(seen), 1, 1)
        positions, original = inputs.shape[1], np.arange(len(inputs)) < len(train)
        fitted = cross_validated_ridge(
            inputs.flatten(0, 1).double().numpy(),
            targets.flatten(0, 1).double().numpy(),
            fold=np.repeat(np.tile(fold, len(seen)), positions),
            fitted=np.repeat(~original if copies else original, positions),
            judged=np.repeat(original, positions),
            weights=None
            if train.weights is None
            else np.repeat(np.tile(train.weights, len(seen)), positions),
        )
        rows = len(train) * positions
        out_of_fold = torch.from_numpy(fitted.out_of_fold[:rows]).float()
        errors.append(float((out_of_fold - targets.flatten(0, 1)[:rows]).square().mean()))
        factor = 1.0
        if not net.spec.output_size:
            factor = kind.logit_factor(out_of_fold, y)
            outputs.append(factor * out_of_fold * std + mean)
        weights.append((torch.from_numpy(factor * fitted.weight), torch.from_numpy(factor * fitted.bias)))
    averaged = kind.average(torch.stack(outputs, 1)) if outputs else None
    return ProbeFit(weights, float(np.mean(errors)), averaged)


def fold_numbers(groups: np.ndarray, folds: int | None = None) -> np.ndarray:
    """Deal samples out to folds, evenly within each class: number of the fold of each sample, [N].

    Args:
        groups: Class of each sample, [N].
        folds: Number of folds; None for 5, or as many as the smallest class has samples, but 2 at least.

    Raises:
        InputError: If there are more folds than samples, or than samples of a class.
    """
    groups = np.asarray(groups)
    sizes = np.bincount(groups)
    smallest = int(sizes[sizes > 0].min())
    if folds is not None and folds > smallest:
        where = (
            f"class {int(np.flatnonzero(sizes == smallest)[0])}"
            if np.count_nonzero(sizes) > 1
            else "the data"
        )
        raise InputError(
            f"{folds} folds are more than the {smallest} training samples of {where}; give fewer",
            kind="conflict",
            key="method.folds",
        )
    if len(groups) < 2:
        raise InputError("cross-validation needs two samples or more", kind="conflict", key="probe_samples")
    count = folds or max(2, min(FOLDS, smallest))
    splitter = StratifiedKFold if count <= smallest else KFold
    parts = splitter(min(count, len(groups)), shuffle=True, random_state=0).split(groups, groups)
    numbers = np.empty(len(groups), dtype=np.int64)
    for number, (_, left_out) in enumerate(parts):
        numbers[left_out] = number
    return numbers


def _targets(head: Predictor, numbers: Tensor, samples: int) -> Tensor:
    """Return what the linear layer of a predictor should give at its kept positions, [N, P', Q]."""
    values = head.disassemble(numbers)
    return values[:, kept_positions(values.shape[1], samples)]
