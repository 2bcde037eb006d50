"""A physics-informed network, fitted to the equation and the initial state of each sample."""

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
from isthmus.methods.options import check_at_least
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

    It uses no training data. Each sample has a network of its own: 6 hidden layers of 40 (tanh, Glorot
    normal) from coordinates to the variables of the equation. DeepXDE (Lu et al., SIAM Review 63, 2021) fits
    it when the sample is predicted, so a prediction costs a fit for each sample. Adam at a rate of 1e-3
    minimises the sum of three mean squares: the residual of the equation, the residuals of the boundary
    conditions, and the difference from the initial state. Every fit starts from the same weights, drawn from
    the seed.

    The points differ from the published setting: their number is an option, and they are the same for every
    seed. `pde_residuals.py` says what each equation leaves open.

    Args:
        iterations: Iterations for each sample (published: 15,000).
        points: Points inside at which the equation must hold; a tenth as many on each side, and at most as
            many of the initial state.
        samples: Number of test samples that the error is over, from the first on (published: 10).
        parameters: Parameters of the equation, for data that was generated with other than the published
            ones: {"beta": 2.0}.
    """

    references = (
        "M. Raissi, P. Perdikaris, G. E. Karniadakis (2019), Physics-informed neural networks: a "
        "deep learning framework for solving forward and inverse problems involving nonlinear "
        "partial differential equations, Journal of Computational Physics 378",
        "M. Takamoto et al. (2022), PDEBench: an extensive benchmark for scientific machine "
        "learning, NeurIPS",
    )
    libraries = ("DeepXDE",)

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
        check_at_least(1, "pinn", iterations=iterations, samples=samples)
        check_at_least(10, "pinn", points=points)
        self.iterations, self.points, self.test_samples = iterations, points, samples
        self.parameters = parameters or {}

    def supports(self, spec: Spec) -> bool:
        """Return whether the task is one of PDEBench whose equation has a residual."""
        return spec.task.startswith(BENCHMARK) and spec.task.removeprefix(BENCHMARK) in problems

    def build_body(self, spec: Spec) -> nn.Module:
        """Make the solver from [B, 1, *size] to [B, 1, *size], in the units of the equation."""
        problem = problem_of(spec.task.removeprefix(BENCHMARK), self.parameters)
        return Solver(problem, spec.output_size, self.iterations, self.points)

    def fit(self, net: SpecialistNet, train: Split, validation: Split | None, config: RunConfig) -> None:
        """Learn nothing; set the scales of the network to the units of the equation."""
        for mean, std in ((net.x_mean, net.x_std), (net.y_mean, net.y_std)):
            mean.zero_()
            std.fill_(1)
        assert isinstance(net.body, Solver)
        if net.body.problem.standardised and train.y.shape[1] > 1:
            _, mean, std = train.y[np.arange(1)][0]
            net.body.mean.copy_(torch.from_numpy(mean))
            net.body.std.copy_(torch.from_numpy(std))


class Solver(nn.Module):
    """A network fitted to each sample: [B, 1, *size] -> [B, 1, *size].

    Args:
        problem: Equation with its residuals.
        size: Size of a sample's field.
        iterations: Iterations for each sample.
        points: Number of points inside.

    Attributes:
        network: Network that every fit starts from: coordinates [N, D] -> variables [N, K].
        across: n, the number of points on each side.
        at: Points [N, D] at which the equation must hold: n on each side, low and high of each axis in turn,
            then those inside.
        cell: Position of the sample nearest to each of these points [N].
        begin: Points [n, D] at the start.
        end: Points [P, D] at the time of the target.
        known: Positions of the sample [n] that the points of `begin` are.
        mean, std: Mean and deviation of a sample's values in the units of the equation, [*size].
    """

    at: Tensor
    cell: Tensor
    begin: Tensor
    end: Tensor
    known: Tensor
    mean: Tensor
    std: Tensor

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
        for name, values in {"mean": torch.zeros(*size), "std": torch.ones(*size)}.items():
            self.register_buffer(name, values, persistent=problem.standardised)
        self.network = deepxde().nn.FNN([len(low), *HIDDEN, problem.variables], "tanh", "Glorot normal")

    def forward(self, x: Tensor) -> Tensor:
        """Predict fields [B, 1, *size] from initial states [B, 1, *size], with a fit for each."""
        with torch.inference_mode(False), torch.enable_grad():  # a fit needs gradients, also in inference
            return torch.stack([self.fit(sample) for sample in x.detach().clone()])

    def fit(self, sample: Tensor) -> Tensor:
        """Fit a network to one initial state [1, *size] and return its field [1, *size]."""
        given = (sample * self.std + self.mean).reshape(self.problem.fields, -1).T
        network = copy.deepcopy(self.network).requires_grad_()
        model = deepxde().Model(Conditions(self, given), network)
        model.compile("adam", lr=LEARNING_RATE, verbose=0)
        model.train(iterations=self.iterations, display_every=self.iterations + 1, verbose=0)
        log.info("fitted to a sample: loss %.3g", model.train_state.loss_train.sum())
        with torch.no_grad():
            u: Tensor = network(self.end)[:, self.problem.target_variables]
        return (u.T.reshape(sample.shape) - self.mean) / self.std


class Conditions:
    """What the network of one sample must satisfy, with the methods that DeepXDE's `Model` calls.

    Args:
        solver: Solver with the points and the equation.
        given: Fields of the sample [P, G].
    """

    def __init__(self, solver: Solver, given: Tensor) -> None:
        start = solver.problem.start
        self.solver, self.at, self.given = solver, solver.at.clone(), given[solver.cell]
        self.start = None if start is None else start(given[solver.known])

    def train_next_batch(self, batch_size: int | None = None) -> tuple[Tensor, None, None]:
        """Return all points, at every step."""
        return self.at, None, None

    test = train_next_batch

    def losses_train(
        self, targets: None, outputs: Tensor, loss: Any, inputs: Tensor, model: Any, aux: Any = None
    ) -> list[Tensor]:
        """Compute the mean square of each residual."""
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
    """Import DeepXDE on torch, without its messages and without a change to torch or to the environment.

    Raises:
        InputError: If it is missing, or runs on another library in this process.
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
    """Draw points [count, D] of Halton's sequence in the box, or on one end of an axis."""
    _, low, high = places
    points: Array = low + (high - low) * qmc.Halton(len(low), scramble=False).random(count)
    if end is not None:
        points[:, axis] = end[axis]
    return points


def _nearest(at: Array, places: Places, size: Sequence[int]) -> NDArray[np.int64]:
    """Return the position [N], in a field of that size, in whose cell each point [N, D] lies."""
    _, low, high = places
    share = ((at - low) / (high - low))[:, : len(size)]
    cell = np.minimum((share * size).astype(int), np.array(size) - 1)
    nearest: NDArray[np.int64] = np.ravel_multi_index(tuple(cell.T), size)
    return nearest


def _when(points: Array, moment: Array) -> Array:
    """Join points in space [n, d] with a moment [1], or with none [0]: [n, D]."""
    return np.concatenate([points, np.broadcast_to(moment, (len(points), len(moment)))], axis=1)
