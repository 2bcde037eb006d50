"""The features of ROCKET and HYDRA are the package's own, and the defaults are the published ones."""

import inspect

import numpy as np
import torch
from aeon.transformations.collection.convolution_based import HydraTransformer, Rocket

from isthmus.baselines.hydra import hydra_features
from isthmus.baselines.rocket import RocketFeatures
from isthmus.methods import methods

X = torch.randn(4, 3, 50, generator=torch.Generator().manual_seed(0))


def test_rocket_from_the_same_seed() -> None:
    torch.manual_seed(5)
    features = RocketFeatures(3, 50, 40)
    torch.manual_seed(5)
    reference = Rocket(40, random_state=int(torch.randint(2**31 - 1, ()))).fit(X.numpy())
    np.testing.assert_array_equal(features(X).numpy(), reference.transform(X.numpy()))


def test_hydra_from_the_same_seed() -> None:
    torch.manual_seed(5)
    features = hydra_features(3, 50, 8, 4)
    reference = HydraTransformer(n_groups=4, random_state=5).fit(X.numpy())
    assert torch.equal(features(X), reference.transform(X.numpy()))


def test_rocket_takes_other_kernels_whatever_their_size() -> None:
    torch.manual_seed(5)
    one, other = RocketFeatures(3, 50, 40), RocketFeatures(3, 50, 40)
    assert one.weights.shape != other.weights.shape
    one.load_state_dict(other.state_dict())
    assert torch.equal(one(X), other(X))


def test_published_sizes() -> None:
    def defaults(name: str) -> dict[str, int]:
        parameters = inspect.signature(methods[name]).parameters.values()
        return {p.name: p.default for p in parameters if p.name != "samples"}

    assert defaults("rocket") == {"kernels": 10_000}
    assert defaults("hydra") == {"kernels": 8, "groups": 64}
