"""Estimators of scikit-learn: a run of isthmus as a classifier or a regressor.

They go wherever one of scikit-learn or aeon goes: pipelines, grid searches, cross-validation.
"""

import inspect
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, Unpack

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from isthmus.config.parts import as_part
from isthmus.config.schema import SETTINGS
from isthmus.config.signature import Settings
from isthmus.errors import InputError
from isthmus.files import make_folder
from isthmus.progress import be_quiet, is_quiet
from isthmus.tasks import Split, Task
from isthmus.tasks.cuts import GroupCut
from isthmus.training import Run, fit

__all__ = ["IsthmusClassifier", "IsthmusRegressor"]

NOT_OFFERED = {"fingerprint", "devices", "nodes"}
"""Settings that make no sense in an estimator, which may be fitted many times in one process"""


def _plain_default(value: Any) -> Any:
    """Return a default that cannot be changed by accident, as scikit-learn asks: the name of a part."""
    return value["name"] if isinstance(value, Mapping) else value


DEFAULTS = {
    name: _plain_default(setting.default) for name, setting in SETTINGS.items() if name not in NOT_OFFERED
}
"""Default of every setting that is a parameter of the estimators"""


def _with_settings(init: Callable[..., None]) -> Callable[..., None]:
    """Let scikit-learn see every setting as a parameter of a constructor that takes `**settings`."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [p for p in inspect.signature(init).parameters.values() if p.kind is not p.VAR_KEYWORD]
    settings = [
        inspect.Parameter(name, keyword, default=default, annotation=SETTINGS[name].type)
        for name, default in DEFAULTS.items()
    ]
    init.__dict__["__signature__"] = inspect.Signature([*own, *settings])
    return init


class IsthmusEstimator(BaseEstimator):  # type: ignore[misc]
    """What classifier and regressor share: a run of isthmus on arrays, kept in memory.

    Samples are [N, L] (series, spectra, tables), [N, C, L] or [N, C, H, W], or a list of series that differ
    in length.

    Args:
        runs: Folder in which every fit leaves a run folder of its own, for `isthmus report`; None to keep the
            trained network in memory alone.
        verbose: Whether to show the progress of training.
        **settings: Settings of the run, by the names that `isthmus.fit` has for them.

    Attributes:
        run_: Finished run, with its `net`, `config` and `result`.
        n_features_in_: Number of columns of X [N, L], or of channels.
    """

    run_: Run

    @_with_settings
    def __init__(
        self, *, runs: str | Path | None = None, verbose: bool = False, **settings: Unpack[Settings]
    ) -> None:
        unknown = settings.keys() - DEFAULTS.keys()
        if unknown:
            message = f"{type(self).__name__} has no parameter '{min(unknown)}'"
            raise TypeError(message)
        self.runs, self.verbose = runs, verbose
        for name, value in (DEFAULTS | settings).items():
            setattr(self, name, value)

    def _given(self) -> dict[str, Any]:
        """Return the settings that are not the default, so that those alone must suit the method."""
        values = {name: getattr(self, name) for name in DEFAULTS}
        return {name: v for name, v in values.items() if as_part(v) != as_part(DEFAULTS[name])}

    def _learn(self, x: Any, y: np.ndarray, kind: str, sample_weight: Any, groups: Any) -> None:
        """Train on prepared samples, all of them training data."""
        task = Task.from_arrays(x, y, kind=kind, name=type(self).__name__)
        train: Split = replace(
            task.train, weights=_weights(sample_weight, task.train.x), cut=_cut(groups, len(task.train))
        )
        was_quiet = is_quiet()
        be_quiet(was_quiet or not self.verbose)
        try:
            with self._new_folder() as folder:
                run = fit(replace(task, train=train), out=folder, floor=False, **self._given())
                run.net, run.result, run.config  # noqa: B018  # which stay when the folder is gone
        finally:
            be_quiet(was_quiet)
        self.run_ = run

    def _new_folder(self) -> AbstractContextManager[str]:
        """Return a new folder for a run, which goes away at the end unless runs are kept."""
        if self.runs is None:
            return tempfile.TemporaryDirectory(prefix="isthmus-")
        return nullcontext(tempfile.mkdtemp(prefix="run-", dir=make_folder(Path(self.runs))))

    def _checked(self, X: Any, y: Any, **targets: bool) -> tuple[Any, Any]:
        """Check training data as scikit-learn does, and return it.

        Args:
            X: Samples.
            y: What is to be predicted.
            **targets: What targets may be, as `check_X_y` takes it.
        """
        if _differ_in_length(X):
            check_consistent_length(X, y)
            return X, np.asarray(y)
        x, y = validate_data(self, X, y, ensure_min_samples=2, **FORM, **targets)
        return x, y

    def _samples(self, X: Any) -> Any:
        """Check new samples [N, ...] as scikit-learn does, and return them."""
        check_is_fitted(self)
        return X if _differ_in_length(X) else validate_data(self, X, reset=False, **FORM)

    def __sklearn_tags__(self) -> Tags:
        """Tell what the estimator takes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


class IsthmusClassifier(ClassifierMixin, IsthmusEstimator):  # type: ignore[misc]
    """A classifier made by a run of isthmus.

    Attributes:
        classes_: Classes in the order of the columns of `predict_proba`.
    """

    classes_: np.ndarray

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Train on samples and their classes.

        Args:
            X: Samples, [N, L], [N, C, L] or [N, C, H, W], or a list of series.
            y: Class of each sample, [N], integers or text.
            sample_weight: Weight of each sample in the loss, [N].
            groups: What each sample belongs to, [N]: no group is in both training and validation data.

        Raises:
            InputError: If the data, or the settings of the estimator, do not fit.
        """
        x, y = self._checked(X, y)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(f"y holds one class only, {self.classes_[0]!r}; give two or more", key="y")
        self._learn(x, numbers, "classification", sample_weight, groups)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each class, [N, K], in the order of `classes_`."""
        x = self._samples(X)
        return self.run_.predict_proba(x)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of each sample, [N]."""
        x = self._samples(X)
        classes: np.ndarray = self.classes_[self.run_.predict(x)]
        return classes


class IsthmusRegressor(RegressorMixin, IsthmusEstimator):  # type: ignore[misc]
    """A regressor made by a run of isthmus."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Train on samples and their targets.

        Args:
            X: Samples, [N, L], [N, C, L] or [N, C, H, W], or a list of series.
            y: Targets, [N] or [N, M].
            sample_weight: Weight of each sample in the loss, [N].
            groups: What each sample belongs to, [N]: no group is in both training and validation data.

        Raises:
            InputError: If the data, or the settings of the estimator, do not fit.
        """
        x, y = self._checked(X, y, multi_output=True, y_numeric=True)
        self._learn(x, y, "regression", sample_weight, groups)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the targets of each sample, [N] or [N, M]."""
        x = self._samples(X)
        return self.run_.predict(x).astype(np.float64)

    def __sklearn_tags__(self) -> Tags:
        """Tell that there may be several targets."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


FORM: dict[str, Any] = {"allow_nd": True, "dtype": [np.float64, np.float32]}
"""What scikit-learn checks of samples that are an array"""


def _differ_in_length(X: Any) -> bool:
    """Return whether samples are a list of series that differ in length, of which no array can be made."""
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1)
    return is_list and len({np.shape(sample) for sample in X if hasattr(sample, "shape")}) > 1


def _weights(sample_weight: Any, x: Any) -> np.ndarray | None:
    """Return weights [N] of mean 1; None where all samples count alike."""
    if sample_weight is None:
        return None
    weights: np.ndarray = _check_sample_weight(sample_weight, x, dtype=np.float64)
    if weights.min() < 0 or not weights.any():
        what = "is 0 for every sample; give some a weight above it" if weights.min() == 0 else "is negative"
        raise InputError(f"sample_weight {what}", key="sample_weight")
    return None if (weights == weights[0]).all() else weights / weights.mean()


def _cut(groups: Any, count: int) -> GroupCut | None:
    """Return what keeps groups [N] together; None where there are none."""
    if groups is None:
        return None
    numbers = np.unique(np.asarray(groups), return_inverse=True)[1]
    if numbers.shape != (count,):
        raise InputError(
            f"groups has shape {list(numbers.shape)} and X {count} samples; give one group for each",
            kind="conflict",
            key="groups",
        )
    return GroupCut(numbers)
