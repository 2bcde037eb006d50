"""Boosted trees on flattened inputs."""

import json
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.baselines.shapes import take_shapes
from isthmus.baselines.specialist import OneShotSpecialist
from isthmus.baselines.specialist_net import SpecialistNet
from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed
from isthmus.tasks import Output, Split

OBJECTIVES = {
    "classification": "multi:softprob",
    "multilabel": "binary:logistic",
    "regression": "reg:squarederror",
}
MOST_OUTPUTS = 1024
"""Each has a tree a round, whose cost grows with the input: 256 values from 256 inputs
took 0.4 to 0.8 s a round on one thread (162 samples), by which 64 x 64 from as many would take minutes"""

READ_BATCH = 1024


@methods.register("xgboost")
class XGBoost(OneShotSpecialist):
    """XGBoost (Chen and Guestrin, KDD 2016) on flattened inputs, as in NAS-Bench-360 (Tu et al., 2022).

    A tree a round for every class, label or number. Outputs are margins, so that probabilities are XGBoost's
    own. With validation data the rounds up to the best on it are kept. What differs: the benchmark's trees
    have depth 3, rate 1, nine tenths of the samples, patience 5 and at most 100 rounds; here depth and rate
    are the package's own, rounds and patience more. Two classes are two columns, with a tree each.

    Args:
        rounds: of boosting, at most.
        depth: of a tree.
        rate: by which a tree's values are multiplied.
        subsample: part of the samples that a round sees, drawn at random.
        bins: that a feature's values are sorted into.
        patience: rounds without a lower validation loss after which it stops.
    """

    requirement = f"classes or labels a sample, and numbers and fields of up to {MOST_OUTPUTS} values"

    def __init__(
        self,
        *,
        rounds: int = 500,
        depth: int = 6,
        rate: float = 0.3,
        subsample: float = 1.0,
        bins: int = 64,
        patience: int = 20,
    ) -> None:
        least = {"rounds": 1, "depth": 1, "bins": 2, "patience": 1}
        given = {"rounds": rounds, "depth": depth, "bins": bins, "patience": patience}
        for name, value in given.items():
            if value < least[name]:
                raise InputError(f"xgboost's {name} is {value}; it is {least[name]} or more")
        for name, share in (("rate", rate), ("subsample", subsample)):
            if not 0 < share <= 1:
                raise InputError(f"xgboost's {name} is {share}; it lies in (0, 1]")
        self.rounds, self.patience, self.bins = rounds, patience, bins
        self.tree_settings = {"max_depth": depth, "eta": rate, "subsample": subsample}

    def supports(self, spec: Spec) -> bool:
        """Anything but masks, if not too large."""
        return spec.kind in OBJECTIVES and _count(spec.output) <= MOST_OUTPUTS

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, ...] -> [B, C', *size]"""
        return Trees(spec.output)

    def fit(self, net: SpecialistNet, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Boost until the validation loss no longer falls."""
        import xgboost

        how = {"max_bin": self.bins, "nthread": torch.get_num_threads()}
        data = xgboost.QuantileDMatrix(*_flat(net, train), **how)
        watched = []
        if validation is not None:
            watched = [(xgboost.QuantileDMatrix(*_flat(net, validation), ref=data, **how), "validation")]
        settings = {
            **self.tree_settings,
            **how,
            "objective": OBJECTIVES[net.spec.kind],
            "num_class": net.spec.output_channels if net.spec.kind == "classification" else 0,
            "seed": derive_seed(config.seed, "xgboost") % 2**31,
        }
        booster = xgboost.train(
            settings,
            data,
            self.rounds,
            evals=watched,
            early_stopping_rounds=self.patience if watched else None,
            verbose_eval=False,
        )
        assert isinstance(net.body, Trees)
        net.body.fit(booster[: booster.best_iteration + 1] if watched else booster)


class Trees(nn.Module):
    """[B, C, ...] -> [B, C', *size]: margins by a booster, on the CPU; zeros before there is one.

    The booster is saved as XGBoost's own bytes (UBJSON).

    Attributes:
        values: the number in every node, a threshold or a leaf's value: what was learnt, to be counted.

    Raises:
        InputError: if xgboost is missing.
    """

    def __init__(self, output: Output) -> None:
        try:
            import xgboost  # noqa: F401
        except ImportError:
            raise InputError(
                "the method 'xgboost' needs the package xgboost: pip install isthmus[xgboost]"
            ) from None
        super().__init__()
        self.output = output
        self.booster: Any = None
        self.values = nn.Parameter(torch.zeros(0), requires_grad=False)
        take_shapes(self)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, ...] -> [B, C', *size]"""
        shape = (len(x), self.output.channels, *self.output.size)
        if self.booster is None:
            return x.new_zeros(shape)
        margins = self.booster.inplace_predict(x.flatten(1).numpy(), predict_type="margin")
        return torch.from_numpy(margins).view(shape)

    def fit(self, booster: Any) -> None:
        """Take a trained booster."""
        self.booster = booster
        model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
        self.values.data = torch.tensor([v for tree in model["trees"] for v in tree["split_conditions"]])

    def get_extra_state(self) -> Tensor:
        """The booster's bytes; none before there is one."""
        if self.booster is None:
            return torch.zeros(0, dtype=torch.uint8)
        return torch.frombuffer(self.booster.save_raw("ubj"), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Read the booster from its bytes.

        Raises:
            RuntimeError: if they are damaged.
        """
        import xgboost

        self.booster = None
        if state.numel():
            self.booster = xgboost.Booster({"nthread": torch.get_num_threads()})
            try:
                self.booster.load_model(bytearray(state.numpy()))
            except xgboost.core.XGBoostError:
                raise RuntimeError("its trees are damaged") from None


def _count(output: Output) -> int:
    return output.channels * math.prod(output.size)


def _flat(net: SpecialistNet, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Standardised inputs [N, F], and targets: classes [N], or numbers in the net's units [N, C' * size]."""
    parts = np.array_split(np.arange(len(split)), math.ceil(len(split) / READ_BATCH))
    x = [net.standardise(torch.from_numpy(split.x[part])).flatten(1).numpy() for part in parts]
    y = torch.from_numpy(split.y[np.arange(len(split))])
    if net.spec.kind != "classification":
        y = y[:, : net.spec.output_channels].movedim(1, -1)
        y = ((y - net.y_mean) / net.y_std).movedim(-1, 1).flatten(1)
    return np.concatenate(x), y.numpy()
