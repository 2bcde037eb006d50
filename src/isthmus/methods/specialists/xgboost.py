"""Boosted trees on flattened inputs."""

import json
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.options import check_at_least
from isthmus.methods.specialists.specialist import OneShotSpecialist
from isthmus.methods.specialists.specialist_net import SpecialistNet
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed
from isthmus.tasks import Output, Split

OBJECTIVES = {
    "classification": "multi:softprob",
    "multilabel": "binary:logistic",
    "regression": "reg:squarederror",
}
MAX_OUTPUTS = 1024
"""Largest number of output values.

Each has one tree per round, whose cost grows with the input: 256 values from 256 inputs took 0.4 to 0.8 s a
round on one thread (162 samples), so 64 x 64 from as many would take minutes.
"""

READ_BATCH = 1024


@methods.register("xgboost")
class XGBoost(OneShotSpecialist):
    """XGBoost (Chen and Guestrin, KDD 2016) on flattened inputs, as in NAS-Bench-360 (Tu et al., 2022).

    One tree per round for every class, label or number. Outputs are margins, so that probabilities are
    XGBoost's own. With validation data the rounds up to the best on it are kept. What differs: the
    benchmark's trees have depth 3, learning rate 1, nine tenths of the samples, patience 5 and at most 100
    rounds; here depth and learning rate are the package's defaults, rounds and patience are larger. Two
    classes are two columns, with one tree each.

    Args:
        rounds: Largest number of boosting rounds.
        depth: Largest depth of a tree.
        rate: Learning rate, the factor on a tree's values.
        subsample: Fraction of the samples drawn for each round.
        bins: Number of bins for the values of a feature.
        patience: Number of rounds without a lower validation loss after which training stops.
    """

    weighs_samples = True
    references = ("T. Chen, C. Guestrin (2016), XGBoost: a scalable tree boosting system, KDD",)

    requirement = f"classes or labels a sample, and numbers and fields of up to {MAX_OUTPUTS} values"

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
        check_at_least(1, "xgboost", rounds=rounds, depth=depth, patience=patience)
        check_at_least(2, "xgboost", bins=bins)
        for name, fraction in (("rate", rate), ("subsample", subsample)):
            if not 0 < fraction <= 1:
                raise InputError(f"xgboost's {name} is {fraction}; it lies in (0, 1]", key=f"method.{name}")
        self.rounds, self.patience, self.bins = rounds, patience, bins
        self.tree_settings = {"max_depth": depth, "eta": rate, "subsample": subsample}

    def supports(self, spec: Spec) -> bool:
        """Return whether the task is no segmentation, and its output not too large."""
        return spec.kind in OBJECTIVES and _count(spec.output) <= MAX_OUTPUTS

    def build_body(self, spec: Spec) -> nn.Module:
        """Build a model without trees: [B, C, ...] -> [B, C', *size]."""
        return Trees(spec.output)

    def fit(self, net: SpecialistNet, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Add trees until the validation loss no longer falls."""
        import xgboost

        binning = {"max_bin": self.bins, "nthread": torch.get_num_threads()}
        data = xgboost.QuantileDMatrix(*_flatten(net, train), weight=train.weights, **binning)
        evaluations = []
        if validation is not None:
            watched = xgboost.QuantileDMatrix(*_flatten(net, validation), ref=data, **binning)
            evaluations = [(watched, "validation")]
        settings = {
            **self.tree_settings,
            **binning,
            "objective": OBJECTIVES[net.spec.kind],
            "num_class": net.spec.output_channels if net.spec.kind == "classification" else 0,
            "seed": derive_seed(config.seed, "xgboost") % 2**31,
        }
        booster = xgboost.train(
            settings,
            data,
            self.rounds,
            evals=evaluations,
            early_stopping_rounds=self.patience if evaluations else None,
            verbose_eval=False,
        )
        assert isinstance(net.body, Trees)
        net.body.fit(booster[: booster.best_iteration + 1] if evaluations else booster)


class Trees(nn.Module):
    """Margins of boosted trees, on the CPU: [B, C, ...] -> [B, C', *size]; zeros before they are fitted.

    The booster is saved in XGBoost's own format (UBJSON).

    Args:
        output: Shape of the output.

    Attributes:
        values: Number in every node, a threshold or the value of a leaf: the parameters, for their count.

    Raises:
        InputError: If xgboost is missing.
    """

    def __init__(self, output: Output) -> None:
        try:
            import xgboost  # noqa: F401
        except ImportError:
            raise InputError(
                "the method 'xgboost' needs the package xgboost: pip install isthmus[xgboost]",
                kind="dependency",
                key="xgboost",
            ) from None
        super().__init__()
        self.output = output
        self.booster: Any = None
        self.values = nn.Parameter(torch.zeros(0), requires_grad=False)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Load any number of values, because it depends on the trees."""
        if prefix + "values" in state_dict:
            self.values.data = self.values.new_empty(state_dict[prefix + "values"].shape)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, ...] to margins [B, C', *size]."""
        shape = (len(x), self.output.channels, *self.output.size)
        if self.booster is None:
            return x.new_zeros(shape)
        margins = self.booster.inplace_predict(x.flatten(1).numpy(), predict_type="margin")
        return torch.from_numpy(margins).view(shape)

    def fit(self, booster: Any) -> None:
        """Set the booster, which is trained."""
        self.booster = booster
        model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]
        self.values.data = torch.tensor([v for tree in model["trees"] for v in tree["split_conditions"]])

    def get_extra_state(self) -> Tensor:
        """Return the booster's bytes; none before there is a booster."""
        if self.booster is None:
            return torch.zeros(0, dtype=torch.uint8)
        return torch.frombuffer(self.booster.save_raw("ubj"), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Load the booster from its bytes.

        Raises:
            RuntimeError: If they are damaged.
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
    """Count the values of an output."""
    return output.channels * math.prod(output.size)


def _flatten(net: SpecialistNet, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised inputs [N, F], and targets.

    Targets are classes [N], or numbers in the net's units [N, C' * size].
    """
    parts = np.array_split(np.arange(len(split)), math.ceil(len(split) / READ_BATCH))
    x = [net.standardise(torch.from_numpy(split.x[part])).flatten(1).numpy() for part in parts]
    y = torch.from_numpy(split.y[np.arange(len(split))])
    if net.spec.kind != "classification":
        y = y[:, : net.spec.output_channels].movedim(1, -1)
        y = ((y - net.y_mean) / net.y_std).movedim(-1, 1).flatten(1)
    return np.concatenate(x), y.numpy()
