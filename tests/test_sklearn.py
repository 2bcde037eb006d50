"""The estimators, held to scikit-learn's own checks and used in its tools, beside those of aeon."""

import pickle
import tempfile

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from isthmus import Run
from isthmus.config.schema import SETTINGS, make_config
from isthmus.sklearn import NOT_OFFERED, IsthmusClassifier, IsthmusRegressor

pytest.importorskip("xgboost")

TREES = {"method": {"name": "xgboost", "rounds": 10}}
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "validation data is cut by the samples",
}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch, tmp_path):
    """Files of these runs need not outlive a power cut; temporary folders are the test's own."""
    monkeypatch.setattr("isthmus.files.flush_to_disk", lambda *_: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def probe(backbones):
    return {"method": "probe", "backbone": backbones["vit"], "embedder": "patch", "scale": "channel"}


@pytest.fixture
def tuned(backbones):
    """Fine-tuning on all samples, from random predictors."""
    short = {"epochs": 1, "epoch_steps": 4, "batch_size": 8, "lr": 1e-2, "validation": 0, "probe_samples": 0}
    return {
        "method": "nft",
        "backbone": backbones["vit"],
        "embedder": "patch",
        "scale": "channel",
        "augment": None,
    } | short


def waves(n: int = 24, length: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Noise around one of two waves, [N, L], and which one it is."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    time = np.linspace(0, 6, length)
    return np.where(y[:, None], np.sin(time), np.cos(2 * time)) + rng.normal(size=(n, length)) / 4, y


@parametrize_with_checks(
    [IsthmusClassifier(**TREES), IsthmusRegressor(**TREES)], expected_failed_checks=lambda _: EXPECTED
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_parameters_are_the_settings():
    parameters = IsthmusClassifier().get_params()
    assert parameters.keys() == SETTINGS.keys() - NOT_OFFERED | {"runs", "verbose"}
    plain = make_config({"task": "", **IsthmusClassifier(lr=0.1)._given()})
    assert plain == make_config({"task": "", "lr": 0.1})
    assert (
        clone(IsthmusRegressor(epochs=3, method={"name": "pare", "start": 0.5})).get_params()["epochs"] == 3
    )
    with pytest.raises(TypeError, match="no parameter 'epoch'"):
        IsthmusClassifier(epoch=3)


@pytest.mark.parametrize("shape", [(16,), (2, 8), (1, 4, 4)])
def test_classes_keep_their_names_and_their_order(shape):
    x, y = waves()
    names = np.array(["sine", "cosine"])[y]
    fitted = IsthmusClassifier(**TREES).fit(x.reshape(-1, *shape), names)
    assert fitted.classes_.tolist() == ["cosine", "sine"]
    probabilities = fitted.predict_proba(x.reshape(-1, *shape))
    assert fitted.predict(x.reshape(-1, *shape)).tolist() == fitted.classes_[probabilities.argmax(1)].tolist()
    assert fitted.score(x.reshape(-1, *shape), names) > 0.8


def test_series_may_differ_in_length(probe):
    x, y = waves()
    series = [row[: 16 - i % 4] for i, row in enumerate(x)]
    fitted = IsthmusClassifier(**probe).fit(series, y)
    assert fitted.predict(series).shape == (24,)
    assert cross_val_score(IsthmusClassifier(**probe), series, y, cv=2).shape == (2,)


def test_several_targets():
    x, _ = waves()
    targets = x[:, :3]
    fitted = IsthmusRegressor(**TREES).fit(x, targets)
    assert fitted.predict(x).shape == targets.shape
    assert fitted.score(x, targets) > 0.5


def test_a_fitted_estimator_needs_no_folder(probe, tmp_path):
    x, y = waves()
    fitted = IsthmusClassifier(**probe).fit(x, y)
    assert list(tmp_path.iterdir()) == []
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(x), fitted.predict_proba(x))
    assert again.run_.result["method"] == "probe"


def test_every_fit_may_leave_a_run(probe, tmp_path):
    x, y = waves()
    search = GridSearchCV(
        IsthmusClassifier(**probe, runs=tmp_path / "runs"), {"scale": ["channel", "position"]}, cv=2
    )
    search.fit(x, y)
    assert len(list((tmp_path / "runs").iterdir())) == 5  # two for each scale, and the best on all samples
    best = search.best_estimator_
    assert Run(best.run_.folder).config.model.scale == search.best_params_["scale"]
    np.testing.assert_array_equal(Run(best.run_.folder).predict(x), best.predict(x))


def test_beside_an_estimator_of_aeon_and_in_a_pipeline():
    aeon = pytest.importorskip("aeon.classification")
    x, y = waves()
    compared = {
        "majority": aeon.DummyClassifier(),
        "isthmus": IsthmusClassifier(**TREES),
        "pipeline": make_pipeline(StandardScaler(), IsthmusClassifier(**TREES)),
    }
    series = {"pipeline": x}  # a scaler takes [N, L]
    scores = {
        name: cross_val_score(estimator, series.get(name, x[:, None]), y, cv=2)
        for name, estimator in compared.items()
    }
    assert {score.shape for score in scores.values()} == {(2,)}
    assert scores["isthmus"].mean() > scores["majority"].mean() + 0.2


def test_groups_go_to_the_validation_data_and_to_the_folds(probe):
    x, y = waves()
    groups = np.repeat(np.arange(6), 4)
    with pytest.raises(ValueError, match="1 group cannot be divided"):
        IsthmusClassifier(**probe).fit(x, y, groups=np.zeros(24))
    with pytest.raises(ValueError, match="one group for each"):
        IsthmusClassifier(**probe).fit(x, y, groups=groups[:5])
    scores = cross_val_score(IsthmusClassifier(**probe), x, y, cv=GroupKFold(3), groups=groups)
    assert scores.shape == (3,)


def predictions(estimator, *data, **more):
    return estimator.fit(*data, **more).predict_proba(data[0])


def test_what_weighs_nothing_is_not_learnt_from(tuned):
    x, y = waves()
    weights = np.arange(24) % 3 / 2.0
    other = np.where(weights == 0, 1 - y, y)
    learnt = [
        predictions(IsthmusClassifier(**tuned), x, labels, sample_weight=weights) for labels in (y, other)
    ]
    np.testing.assert_array_equal(*learnt)
    assert np.abs(predictions(IsthmusClassifier(**tuned), x, other) - learnt[0]).max() > 0.01


def test_equal_weights_are_none(tuned):
    x, y = waves()
    plain = predictions(IsthmusClassifier(**tuned), x, y)
    np.testing.assert_array_equal(
        predictions(IsthmusClassifier(**tuned), x, y, sample_weight=np.full(24, 7.0)), plain
    )


def test_weights_that_weigh_nothing(refuses):
    with refuses("value", "sample_weight"):
        IsthmusClassifier(**TREES).fit(*waves(), sample_weight=np.arange(24) - 1.0)
    with pytest.raises(ValueError, match=r"zero|0 for every"):
        IsthmusClassifier(**TREES).fit(*waves(), sample_weight=np.zeros(24))


def test_a_method_that_cannot_weigh_samples_says_so(refuses):
    x, y = waves()
    with refuses("conflict", "sample_weight"):
        IsthmusClassifier(method="rocket").fit(x, y, sample_weight=np.arange(24.0))
    with refuses("conflict", "epochs"):
        IsthmusClassifier(method="rocket", epochs=3).fit(x, y)


def test_predictions_of_parts_are_those_of_the_whole(tuned):
    x, y = waves()
    fitted = IsthmusRegressor(**tuned).fit(x, y + 0.5)
    parts = np.concatenate([fitted.predict(part) for part in np.array_split(x, 5)])
    np.testing.assert_allclose(parts, fitted.predict(x), atol=1e-5)
    assert torch.is_grad_enabled()
