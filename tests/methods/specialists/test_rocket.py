"""The features of ROCKET and HYDRA are the package's own, and the defaults are the published ones."""

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from aeon.transformations.collection.convolution_based import HydraTransformer, Rocket

from isthmus.methods import methods
from isthmus.methods.specialists.hydra import hydra_features
from isthmus.methods.specialists.rocket import RocketFeatures

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


@pytest.mark.slow
def test_torch_keeps_its_number_of_threads() -> None:
    """In a process of its own, since numba starts its threads once."""
    script = (
        "import torch; from isthmus.methods.specialists.rocket import RocketFeatures\n"
        "torch.set_num_threads(1)\n"
        "RocketFeatures(1, 50, 40)(torch.zeros(1, 1, 50))\n"
        "print(torch.get_num_threads())"
    )
    environment = {**os.environ, "NUMBA_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


def test_published_sizes() -> None:
    def defaults(name: str) -> dict[str, int]:
        parameters = inspect.signature(methods[name]).parameters.values()
        return {p.name: p.default for p in parameters if p.name != "samples"}

    assert defaults("rocket") == {"kernels": 10_000}
    assert defaults("hydra") == {"kernels": 8, "groups": 64}
