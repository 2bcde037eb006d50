"""A physics-informed network: an equation, the start of one sample and its sides, and no training data."""

import contextlib
import copy
import io
import logging
import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import qmc
from torch import Tensor, nn

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.methods.specialists.pde_residuals import Field, Places, Problem, problem_of, problems
from isthmus.methods.specialists.specialist import OneShotSpecialist
from isthmus.methods.specialists.specialist_net import SpecialistNet
from isthmus.model.base import Spec
from isthmus.pde.equation import Array
from isthmus.tasks import Split

log = logging.getLogger("isthmus")

BENCHMARK = "pdebench/"
HIDDEN = [40] * 6
LEARNING_RATE = 1e-3


@methods.register("pinn")
class PINN(OneShotSpecialist):
    """PINN (Raissi et al., Journal of Computational Physics 378, 2019) as PDEBench has it: PaRe, Table 2.

    It learns from no data. Each sample has a network of its own, 6 hidden layers of 40 (tanh, Glorot normal)
    from coordinates to the equation's variables, which DeepXDE (Lu et al., SIAM Review 63, 2021) fits when the
    sample is asked about: Adam, 1e-3, descends the mean squares of all that must vanish, summed. That is the
    equation's residual, what the sides demand, and the difference from the sample at the start. Every fit starts
    from the same weights, drawn from the seed; a prediction costs a fit for each sample.

    What differs from the published setting: the points, which are as many as asked for and the same for every
    seed. What single equations leave open is told in `problems`.

    Args:
        iterations: for each sample (published: 15,000).
        points: at which the equation must hold inside; a tenth as many on each side, at most as many of the start.
        samples: of the test data that the error is over, from the first on (published: 10).
        parameters: of the equation, where the data was generated with others than the published: {"beta": 2.0}.
    """

    requirement = "the tasks of PDEBench"
    settings = frozenset()  # no validation data: nothing is chosen by it, and each sample would cost a fit

    def __init__(
        self,
        *,
        iterations: int = 15000,
        points: int = 1000,
        samples: int = 10,
        parameters: dict[str, Any] | None = None,
    ) -> None:
        for name, value, least in (
            ("iterations", iterations, 1),
            ("points", points, 10),
            ("samples", samples, 1),
        ):
            if value < least:
                raise InputError(f"pinn's {name} is {value}; it is {least} or more", key=f"method.{name}")
        self.iterations, self.points, self.samples = iterations, points, samples
        self.parameters = parameters or {}

    def supports(self, spec: Spec) -> bool:
        """Those whose equation has a residual."""
        return spec.task.startswith(BENCHMARK) and spec.task.removeprefix(BENCHMARK) in problems

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, 1, *size] -> [B, 1, *size], in the equation's units."""
        problem = problem_of(spec.task.removeprefix(BENCHMARK), self.parameters)
        return Solver(problem, spec.output_size, self.iterations, self.points)

    def fit(self, net: SpecialistNet, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Nothing, but that the net keeps to the equation's units: no scale is taken from training data."""
        for mean, std in ((net.x_mean, net.x_std), (net.y_mean, net.y_std)):
            mean.zero_()
            std.fill_(1)

    def eval_subset(self, test: Split) -> Split:
        """The first samples."""
        return test.part(np.arange(min(self.samples, len(test))))


class Solver(nn.Module):
    """Fits a network to each sample: [B, 1, *size] -> [B, 1, *size].

    Attributes:
        network: that every fit starts from, [N, D] coordinates -> [N, K] variables.
        across: n, points on each side.
        at: [N, D] where the equation must hold: n on each side, low and high of each axis in turn, then inside.
        cell: [N] the sample's position nearest to each.
        begin, end: [n, D], [P, D] positions at the start and at the target's time.
        known: [n] which positions the former are.
    """

    at: Tensor
    cell: Tensor
    begin: Tensor
    end: Tensor
    known: Tensor

    def __init__(self, problem: Problem, size: Sequence[int], iterations: int, points: int) -> None:
        super().__init__()
        self.problem, self.iterations = problem, iterations
        field = (*size[:-1], size[-1] // problem.fields)
        places = problem.places(field)
        spots, low, high = places
        space = self.axes = len(field)
        self.across = points // 10
        inside = _scattered(places, points)
        sides = [_scattered(places, self.across, axis, end) for axis in range(space) for end in (low, high)]
        at = np.concatenate([*sides, inside])
        known = np.linspace(0, len(spots) - 1, min(points, len(spots))).astype(int)
        buffers = {
            "at": at,
            "begin": _when(spots[known], low[space:]),
            "end": _when(spots, high[space:]),
        }
        for name, values in buffers.items():
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32), persistent=False)
        for name, indices in {"cell": _nearest(at, places, field), "known": known}.items():
            self.register_buffer(name, torch.tensor(indices), persistent=False)
        self.network = deepxde().nn.FNN([len(low), *HIDDEN, problem.variables], "tanh", "Glorot normal")

    def forward(self, x: Tensor) -> Tensor:
        """[B, 1, *size] -> [B, 1, *size]"""
        with torch.inference_mode(False), torch.enable_grad():  # a fit descends, whoever asks for it
            return torch.stack([self.fit(sample) for sample in x.detach().clone()])

    def fit(self, sample: Tensor) -> Tensor:
        """[1, *size] -> [1, *size]"""
        given = sample.reshape(self.problem.fields, -1).T
        network = copy.deepcopy(self.network).requires_grad_()
        model = deepxde().Model(Conditions(self, given), network)
        model.compile("adam", lr=LEARNING_RATE, verbose=0)
        model.train(iterations=self.iterations, display_every=self.iterations + 1, verbose=0)
        log.info("fitted to a sample: loss %.3g", model.train_state.loss_train.sum())
        with torch.no_grad():
            u = network(self.end)[:, self.problem.target_variables]
        return u.T.reshape(sample.shape)


class Conditions:
    """What is wanted of one sample's network, as DeepXDE's `Model` asks for it.

    Args:
        solver: that fits.
        given: [P, G] the sample's fields.
    """

    def __init__(self, solver: Solver, given: Tensor) -> None:
        start = solver.problem.start
        self.solver, self.at, self.given = solver, solver.at.clone(), given[solver.cell]
        self.start = None if start is None else start(given[solver.known])

    def train_next_batch(self, batch_size: int | None = None) -> tuple[Tensor, None, None]:
        """All points, at every step."""
        return self.at, None, None

    test = train_next_batch

    def losses_train(
        self, targets: None, outputs: Tensor, loss: Any, inputs: Tensor, model: Any, aux: Any = None
    ) -> list[Tensor]:
        """The mean square of each thing that must vanish."""
        problem, n = self.solver.problem, self.solver.across
        field = Field.of(inputs, outputs, self.given)
        wrong = problem.residual(field)
        for axis in range(self.solver.axes):
            low, high = (field.rows(slice(i * n, (i + 1) * n)) for i in (2 * axis, 2 * axis + 1))
            wrong += problem.sides(low, high, axis)
        if self.start is not None:
            wrong.append(model.net(self.solver.begin)[:, : self.start.shape[1]] - self.start)
        return [part.square().mean() for part in wrong]

    losses_test = losses_train


@cache
def deepxde() -> Any:
    """DeepXDE on torch, imported without a word and without a change to torch or to the environment.

    Raises:
        InputError: if it is missing, or runs on another library in this process.
    """
    device, backend = torch.get_default_device(), os.environ.get("DDE_BACKEND")
    os.environ["DDE_BACKEND"] = "pytorch"
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            import deepxde
    except ImportError:
        raise InputError(
            "the method 'pinn' needs the package deepxde: pip install isthmus[pinn]",
            kind="dependency",
            key="deepxde",
        ) from None
    finally:
        os.environ.pop("DDE_BACKEND")
        if backend is not None:
            os.environ["DDE_BACKEND"] = backend
        if torch.get_default_device() != device:  # it prefers a GPU
            torch.set_default_device(None if device.type == "cpu" else device)
    if deepxde.backend.backend_name != "pytorch":
        raise InputError(
            f"the method 'pinn' needs DeepXDE on pytorch, and it was imported here on "
            f"{deepxde.backend.backend_name}; set DDE_BACKEND=pytorch",
            kind="conflict",
            key="deepxde",
        )
    return deepxde


def _scattered(places: Places, count: int, axis: int = 0, end: Array | None = None) -> Array:
    """Points of Halton's sequence in the box, or on that end of an axis: [count, D]."""
    _, low, high = places
    points = low + (high - low) * qmc.Halton(len(low), scramble=False).random(count)
    if end is not None:
        points[:, axis] = end[axis]
    return points


def _nearest(at: Array, places: Places, size: Sequence[int]) -> NDArray[np.int64]:
    """The position, of a field of that size, in whose cell each point lies: [N, D] -> [N]."""
    _, low, high = places
    share = ((at - low) / (high - low))[:, : len(size)]
    return np.ravel_multi_index(tuple(np.minimum((share * size).astype(int), np.array(size) - 1).T), size)


def _when(points: Array, moment: Array) -> Array:
    """Points in space [n, d] at a moment [1], or outside time [0]: [n, D]."""
    return np.concatenate([points, np.broadcast_to(moment, (len(points), len(moment)))], axis=1)
