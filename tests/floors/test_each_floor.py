"""Each floor against scikit-learn used directly, a slow reference, or a closed form."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cross_decomposition import PLSRegression
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, PredefinedSplit, cross_val_predict
from sklearn.preprocessing import StandardScaler
from torch.nn import functional as F

from isthmus.floors.columns import flat, pooled_size
from isthmus.floors.constant import Constant
from isthmus.floors.floor import Fitted, Floor
from isthmus.floors.local_ridge import LocalRidge, neighbourhoods
from isthmus.floors.logistic_regression import STRENGTHS
from isthmus.floors.logistic_regression import LogisticRegression as LogisticFloor
from isthmus.floors.minirocket import MiniRocket
from isthmus.floors.pls import PLS
from isthmus.floors.random_forest import RandomForest
from isthmus.floors.ridge import Ridge as RidgeFloor
from isthmus.floors.ridge import fit_ridge
from isthmus.methods.ridge_path import PENALTIES
from isthmus.tasks import Task, problem_types

FOLDS = 4


def table(rows: int, columns: int, classes: int = 0) -> Task:
    """Columns of different sizes, and a number or a class that some of them tell."""
    rng = np.random.default_rng(rows + columns)
    x = rng.normal(size=(rows, columns)) * np.logspace(-2, 3, columns) + 7
    signal = StandardScaler().fit_transform(x)[:, :3].sum(1) + 0.5 * rng.normal(size=rows)
    if not classes:
        return Task.from_arrays(x, signal, kind="regression")
    return Task.from_arrays(x, np.searchsorted(np.quantile(signal, np.arange(1, classes) / classes), signal))


def fit(floor: Floor, task: Task) -> tuple[Fitted, np.ndarray, np.ndarray, np.ndarray]:
    """Fit a floor: the fit, samples as a table, their targets as numbers, their folds."""
    train = task.train
    y = problem_types[task.kind]().as_numbers(torch.from_numpy(train.y), task.output.channels).numpy()
    fold = np.random.default_rng(0).permutation(len(train)) % FOLDS
    return floor.fit(task, train, y, fold, 3), train.x.reshape(len(train), -1), y, fold


def test_the_constant_is_the_mean_and_the_majority() -> None:
    task = Task.from_arrays(np.zeros((7, 4)) + np.arange(7)[:, None], list("aabbbbc"))
    found, _, y, fold = fit(Constant(), task)
    np.testing.assert_allclose(
        found.predict(task.train.x[:2]), [[2 * p / 7 - 1 for p in (2, 4, 1)]] * 2, rtol=1e-6
    )
    for number, (row, out_of_fold) in enumerate(zip(fold, found.out_of_fold, strict=True)):
        np.testing.assert_allclose(out_of_fold, y[fold != row].mean(0), rtol=1e-6, err_msg=str(number))


@pytest.mark.parametrize(("rows", "columns"), [(40, 6), (24, 60)])
def test_ridge_is_that_of_scikit_learn(rows: int, columns: int) -> None:
    found, x, y, fold = fit(RidgeFloor(), task := table(rows, columns))
    scaled = StandardScaler().fit_transform(x.astype(np.float64))
    split = PredefinedSplit(fold)
    search = GridSearchCV(Ridge(), {"alpha": PENALTIES}, cv=split, scoring="neg_mean_squared_error")
    expected = search.fit(scaled, y[:, 0])
    np.testing.assert_allclose(
        found.predict(task.train.x)[:, 0], expected.predict(scaled), rtol=1e-4, atol=1e-4
    )
    out_of_fold = cross_val_predict(Ridge(**expected.best_params_), scaled, y[:, 0], cv=split)
    np.testing.assert_allclose(found.out_of_fold[:, 0], out_of_fold, rtol=1e-4, atol=1e-4)


def test_ridge_by_some_outputs_is_ridge_by_all_where_these_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, fold = rng.normal(size=(30, 8)), np.arange(30) % FOLDS
    y = np.repeat(x[:, :1] + rng.normal(size=(30, 1)), 5, 1)
    whole, out_of_fold = fit_ridge(x, y, fold)
    monkeypatch.setattr("isthmus.floors.ridge.COMPARED", 2 * len(x))
    some, left_out_by_some = fit_ridge(x, y, fold)
    np.testing.assert_allclose(some(x), whole(x))
    np.testing.assert_allclose(left_out_by_some, out_of_fold)


@pytest.mark.parametrize(("rows", "columns", "classes"), [(60, 5, 2), (60, 5, 3), (30, 50, 3)])
def test_logistic_regression_is_that_of_scikit_learn(rows: int, columns: int, classes: int) -> None:
    found, x, _, fold = fit(LogisticFloor(), task := table(rows, columns, classes))
    scaled, labels = StandardScaler().fit_transform(x.astype(np.float64)), task.train.y

    def out_of_fold(strength: float) -> np.ndarray:
        model = LogisticRegression(C=strength, max_iter=2000, tol=1e-8)
        return cross_val_predict(model, scaled, labels, cv=PredefinedSplit(fold), method="predict_proba")

    every = {strength: out_of_fold(strength) for strength in STRENGTHS}
    best = min(STRENGTHS, key=lambda s: -np.log(every[s][np.arange(rows), labels]).mean())
    np.testing.assert_allclose((found.out_of_fold + 1) / 2, every[best], atol=1e-2)
    expected = LogisticRegression(C=best, max_iter=2000, tol=1e-8).fit(scaled, labels).predict_proba(scaled)
    np.testing.assert_allclose((found.predict(task.train.x) + 1) / 2, expected, atol=1e-2)


def test_a_class_that_a_fold_lacks_has_no_probability_there() -> None:
    task = Task.from_arrays(np.random.default_rng(0).normal(size=(9, 4)), [0, 0, 0, 0, 0, 0, 0, 0, 1])
    y = 2 * np.eye(2)[task.train.y] - 1
    found = LogisticFloor().fit(task, task.train, y, np.arange(9) // 3, 0)
    assert found.out_of_fold[8].tolist() == [1, -1]
    assert ((found.out_of_fold >= -1) & (found.out_of_fold <= 1)).all()


@pytest.mark.parametrize(("rows", "columns"), [(40, 6), (24, 60)])
def test_pls_is_that_of_scikit_learn(rows: int, columns: int) -> None:
    found, x, y, fold = fit(PLS(), task := table(rows, columns))
    scaled, split = StandardScaler().fit_transform(x.astype(np.float64)), PredefinedSplit(fold)
    most = min(20, columns, rows - -(-rows // FOLDS) - 1)
    out_of_fold = {
        n: cross_val_predict(PLSRegression(n, scale=False), scaled, y[:, 0], cv=split)
        for n in range(1, most + 1)
    }
    best = min(out_of_fold, key=lambda n: np.square(out_of_fold[n] - y[:, 0]).mean())
    np.testing.assert_allclose(found.out_of_fold[:, 0], out_of_fold[best], rtol=1e-5, atol=1e-5)
    expected = PLSRegression(best).fit(x.astype(np.float64), y[:, 0]).predict(x)  # which scales by itself
    np.testing.assert_allclose(found.predict(task.train.x)[:, 0], expected, rtol=1e-4, atol=1e-4)


def test_the_forest_is_that_of_scikit_learn() -> None:
    found, x, y, _ = fit(RandomForest(), task := table(40, 6, 3))
    scaled = StandardScaler().fit_transform(x.astype(np.float64))
    forest = RandomForestClassifier(100, oob_score=True, random_state=3).fit(scaled, task.train.y)
    np.testing.assert_allclose((found.predict(task.train.x) + 1) / 2, forest.predict_proba(scaled))
    np.testing.assert_allclose((found.out_of_fold + 1) / 2, forest.oob_decision_function_)
    found, x, y, _ = fit(RandomForest(), task := table(40, 9))
    scaled = StandardScaler().fit_transform(x.astype(np.float64))
    numbers = RandomForestRegressor(100, oob_score=True, max_features=3, random_state=3).fit(scaled, y[:, 0])
    np.testing.assert_allclose(found.predict(task.train.x)[:, 0], numbers.predict(scaled))
    np.testing.assert_allclose(found.out_of_fold[:, 0], numbers.oob_prediction_)


@pytest.mark.slow
def test_minirocket_is_aeons_features_with_scikit_learns_ridge() -> None:
    aeon = pytest.importorskip("aeon.transformations.collection.convolution_based")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(24, 1, 30)).cumsum(2)
    threads = torch.get_num_threads()
    found, _, y, fold = fit(MiniRocket(), task := Task.from_arrays(x, (x[:, 0, -1] > 0).astype(int)))
    assert torch.get_num_threads() == threads
    series = task.train.x
    features = StandardScaler().fit_transform(aeon.MiniRocket(random_state=3).fit(series).transform(series))
    search = GridSearchCV(
        Ridge(), {"alpha": PENALTIES}, cv=PredefinedSplit(fold), scoring="neg_mean_squared_error"
    ).fit(features.astype(np.float64), y)
    np.testing.assert_allclose(found.predict(series), search.predict(features), atol=1e-3)


def test_the_local_ridge_finds_a_linear_rule_of_the_neighbourhood() -> None:
    x = np.random.default_rng(0).normal(size=(12, 2, 40)).astype(np.float32)
    padded = np.pad(x, ((0, 0), (0, 0), (4, 4)), mode="edge")
    rule = padded[:, 0, 0:40] - 3 * padded[:, 1, 8:48]  # four to the left, four to the right
    task = Task.from_arrays(x, rule[:, None], kind="regression")
    found, _, y, _ = fit(LocalRidge(), task)
    assert np.square(found.predict(task.train.x) - y).mean() < 1e-4 * y.var()
    assert np.square(found.out_of_fold - y).mean() < 1e-4 * y.var()


@pytest.mark.parametrize(
    ("shape", "size", "width"),
    [((2, 11), (11,), 9), ((1, 11), (5,), 9), ((3, 6, 7), (6, 7), 5), ((60, 4, 4), (2, 4), 1)],
)
def test_neighbourhoods_are_the_values_around_each_position(
    shape: tuple[int, ...], size: tuple[int, ...], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isthmus.floors.local_ridge.BLOCK", 2 * width ** len(size) * int(np.prod(shape)))
    x = np.random.default_rng(0).normal(size=(5, *shape)).astype(np.float32)
    given = shape[1:]
    offsets = np.ndindex(*[width] * len(size))
    expected = [
        [
            [
                sample[
                    (
                        channel,
                        *np.clip(np.array(p) * given // size + offset - width // 2, 0, np.array(given) - 1),
                    )
                ]
                for channel in range(shape[0])
                for offset in offsets_of
            ]
            for p in np.ndindex(*size)
        ]
        for offsets_of in [[np.array(o) for o in offsets]]
        for sample in x
    ]
    parts = [*neighbourhoods(x, size)]
    assert [index.tolist() for index, _ in parts] == [[0, 1], [2, 3], [4]]
    np.testing.assert_array_equal(np.concatenate([found for _, found in parts]), expected)


def test_samples_of_many_values_are_averaged_to_fewer() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(flat(x, 192), x.reshape(2, -1))
    expected = F.avg_pool2d(torch.from_numpy(x), 2).reshape(2, -1)
    np.testing.assert_allclose(flat(x, 3 * 16), expected, rtol=1e-5, atol=1e-6)
    assert flat(np.zeros((2, 9, 4), np.float32), 5).shape == (2, 5)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=2), st.integers(1, 4096))
def test_a_pooled_size_is_within_its_bound(size: list[int], most: int) -> None:
    kept = pooled_size(tuple(size), most)
    assert np.prod(kept) <= most or kept == (1,) * len(size)
    assert all(1 <= k <= n for k, n in zip(kept, size, strict=True))
    if np.prod(size) <= most:
        assert kept == tuple(size)
