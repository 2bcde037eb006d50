"""DASH: a search over the kernel sizes and dilations of a residual network."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods import Searching, methods
from isthmus.methods.options import check_at_least, check_dropout
from isthmus.methods.specialists.aggregated_convolution import AggregatedConvolution, Choice
from isthmus.methods.specialists.dash_tuning import (
    DENSE_GRID,
    GRID,
    LR_FACTOR,
    LR_MILESTONES,
    Settings,
    make_sgd,
    train_briefly,
    tune,
)
from isthmus.methods.specialists.resnet import MakeConvolution, residual_1d, wide_resnet
from isthmus.methods.specialists.search import move_to_device
from isthmus.methods.specialists.specialist import Specialist
from isthmus.methods.specialists.specialist_net import SpecialistNet
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed
from isthmus.tasks import Split, Task, split_validation

KERNELS = {1: (3, 7, 11, 15, 19), 2: (3, 5, 7, 9)}
"""Published kernel sizes, by the number of dimensions."""

DILATIONS = 1, 3, 7, 15
"""Published dilations."""

CONVOLUTION_COUNT = {1: 9, 2: 13}
"""Number of convolutions in the backbone, by the number of dimensions."""

VALIDATION_FRACTION = 0.2
"""Fraction of the training data by which settings are compared if there is no validation data."""

DENSE_BATCH = 4
"""Largest batch of dense pictures during the search (published: 4, 8 or 10)."""

PREFERENCE_GRAD_NORM = 0.5
"""Norm of the gradient of a layer's preferences (published: 0.01, for a hundred times the steps and more)."""

CONVOLUTIONS: dict[int, Callable[..., nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d}


@methods.register("dash")
class Dash(Specialist, Searching):
    """DASH (Shen et al., NeurIPS 2022): row DASH of PaRe's Table 1.

    Search: every convolution of the backbone of `wrn` becomes a weighted sum over kernel sizes and dilations,
    computed as one convolution (`aggregated_convolution.py`). Weights and preferences are trained together on
    the loss of the training data, and each layer keeps the choice that it prefers. Tuning: a grid over
    learning rate, dropout, weight decay and momentum (`dash_tuning.py`), by the error on validation data, or
    on a fifth of the training data if there is none. The run then trains the found network with the best
    settings, by SGD. With tune_steps=0 the run keeps its own settings, with search_steps=0 the backbone keeps
    its convolutions.

    What differs: the published search takes 100 epochs of a fifth of the batches, the grid 80 epochs of a
    subsample, the retraining 200 epochs. The defaults fit one CPU core: with so few steps the choice of a
    layer is noisy, although the gradient of its preferences is made longer. Dense pictures get the smaller
    grid that was published for three such tasks.

    Args:
        search_steps: Steps of the search; 0 to skip it; None for 200, or 20 for dense pictures.
        tune_steps: Steps of each training of the grid; 0 to skip it; None for 40, or 5 for dense pictures.
        kernel_choices: Kernel sizes to choose from; None for 3, 7, 11, 15, 19 (series) or 3, 5, 7, 9
            (pictures), up to half the shortest side. Dense pictures get only 3 and 5, because larger kernels
            make the retraining expensive.
        dilation_choices: Dilations to choose from; None for 1, 3, 7, 15, up to half the shortest side.
        separable: Whether the search convolves each channel separately. The published code does so in layers
            that keep the number of channels, this one in all layers.
        widen: Factor on the channels for pictures (published: 4); None for 4, or 1 for dense pictures. The
            search always uses 1.
        width: Channels of the first block for series (published: 4, 16 or 64, by the number of classes).
        kernels: Kernel size of each convolution, in order; None to search for them.
        dilations: Dilation of each convolution, in order; None to search for them.
        dropout: Dropout rate inside the blocks; the grid replaces it.
    """

    references = (
        "J. Shen, M. Khodak, A. Talwalkar (2022), Efficient architecture search for diverse tasks, NeurIPS",
    )

    requirement = "one vector for a sample, or an output with positions where the input has them"

    def __init__(
        self,
        *,
        search_steps: int | None = None,
        tune_steps: int | None = None,
        kernel_choices: list[int] | None = None,
        dilation_choices: list[int] | None = None,
        separable: bool = True,
        widen: int | None = None,
        width: int = 16,
        kernels: list[int] | None = None,
        dilations: list[int] | None = None,
        dropout: float = 0.0,
    ) -> None:
        check_at_least(0, "dash", search_steps=search_steps, tune_steps=tune_steps)
        check_at_least(1, "dash", widen=widen, width=width)
        check_dropout("dash", dropout)
        for name, sizes in (("kernel_choices", kernel_choices), ("kernels", kernels)):
            if sizes is not None and not (sizes and all(size > 0 and size % 2 for size in sizes)):
                raise InputError(
                    f"dash's {name} are {sizes}; give odd sizes, such as [3, 5]", key=f"method.{name}"
                )
        for name, steps in (("dilation_choices", dilation_choices), ("dilations", dilations)):
            if steps is not None and not (steps and all(step > 0 for step in steps)):
                raise InputError(
                    f"dash's {name} are {steps}; give numbers from 1 on, such as [1, 3]", key=f"method.{name}"
                )
        if (kernels is None) != (dilations is None):
            raise InputError(
                "dash takes kernels and dilations together; give both, or neither to search",
                kind="missing",
                key="method.kernels" if kernels is None else "method.dilations",
            )
        self.search_steps, self.tune_steps = search_steps, tune_steps
        self.kernel_choices, self.dilation_choices = kernel_choices, dilation_choices
        self.separable, self.widen, self.width = separable, widen, width
        self.kernels, self.dilations, self.dropout = kernels, dilations, dropout

    def supports(self, spec: Spec) -> bool:
        """Return whether the output is one vector, or has as many dimensions as the input."""
        return len(spec.output_size) in (0, len(spec.input_shape) - 1)

    def build_body(self, spec: Spec) -> nn.Module:
        """Build the found network, or the backbone if nothing was found yet.

        The network maps [B, C, L] or [B, C, H, W] to [B, C', *size].
        """
        widen = self.widen or (1 if _is_dense_picture(spec) else 4)
        return self._backbone(spec, self._found_convolutions(spec), widen)

    def search(self, task: Task, train: Split, validation: Split | None, config: RunConfig) -> dict[str, Any]:
        """Find kernel sizes and dilations, and the settings of the training that follows."""
        net = self.build(config, task)
        move_to_device(net)
        dense = _is_dense_picture(net.spec)
        search_steps = (20 if dense else 200) if self.search_steps is None else self.search_steps
        tune_steps = (5 if dense else 40) if self.tune_steps is None else self.tune_steps
        method = dict(config.method)
        if self.kernels is None and search_steps:
            size = min(config.data.batch_size or len(train), DENSE_BATCH) if dense else config.data.batch_size
            search_config = config.updated(batch_size=size)
            choices = self._search_choices(net, task, train, search_config, search_steps)
            method["kernels"] = [choice.kernel for choice in choices]
            method["dilations"] = [choice.dilation for choice in choices]
        if not tune_steps:
            return {"method": method}
        if validation is None:
            train, validation = split_validation(train, VALIDATION_FRACTION, config.seed, task.stratified)
        assert validation is not None
        options = {key: value for key, value in method.items() if key != "name"}

        def make_body(dropout: float) -> nn.Module:
            return Dash(**{**options, "dropout": dropout}).build_body(net.spec)

        grid = DENSE_GRID if dense else GRID
        best = tune(net, make_body, grid, task, train, validation, config, tune_steps)
        return {
            "method": {**method, "dropout": best.dropout},
            "optimizer": "sgd",
            "lr": best.lr,
            "momentum": best.momentum,
            "nesterov": True,
            "weight_decay": best.weight_decay,
            "warmup_ratio": 0.0,
            "schedule": {"name": "steps", "factor": LR_FACTOR, "at": list(LR_MILESTONES)},
        }

    def choices(self, spec: Spec) -> list[Choice]:
        """List the kernel sizes and dilations that every convolution may have."""
        sides = spec.input_shape[1:]
        half = max(min(sides) // 2, 3)
        kernels = KERNELS[len(sides)][: 2 if _is_dense_picture(spec) else None]
        return [
            Choice(kernel, dilation)
            for kernel in self.kernel_choices or [k for k in kernels if k <= half]
            for dilation in self.dilation_choices or [d for d in DILATIONS if d <= half]
        ]

    def _search_choices(
        self, net: SpecialistNet, task: Task, train: Split, config: RunConfig, steps: int
    ) -> list[Choice]:
        """Train the supernet in place of the network's body, and return what each layer prefers then."""
        choices, dimensions = self.choices(net.spec), len(net.spec.input_shape) - 1

        def aggregated(before: int, after: int, kernel: int, stride: int) -> nn.Module:
            return AggregatedConvolution(before, after, stride, choices, dimensions, self.separable)

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(config.seed, "supernet"))
            net.body = self._backbone(net.spec, aggregated, 1).to(net.x_mean.device)
        layers = [module for module in net.modules() if isinstance(module, AggregatedConvolution)]
        preferences = [layer.preferences for layer in layers]
        weights = [p for p in net.parameters() if all(p is not other for other in preferences)]
        lr, preferences_lr = (0.01, 0.005) if net.spec.output_size else (0.1, 0.05)
        for preference in preferences:
            preference.register_hook(_with_fixed_norm)  # type: ignore[no-untyped-call]
        optimizer = make_sgd(weights, Settings(lr, 0.0, 5e-4, 0.9))
        optimizer.add_param_group({"params": preferences, "lr": preferences_lr})
        train_briefly(net, task, train, config, optimizer, steps=steps, purpose="search")
        return [layer.preferred for layer in layers]

    def _found_convolutions(self, spec: Spec) -> MakeConvolution | None:
        """Return a maker of the found convolutions, in their order, or None if nothing was found yet."""
        if self.kernels is None or self.dilations is None:
            return None
        dimensions = len(spec.input_shape) - 1
        count = CONVOLUTION_COUNT[dimensions]
        if not len(self.kernels) == len(self.dilations) == count:
            raise InputError(
                f"dash has {len(self.kernels)} kernels and {len(self.dilations)} dilations;"
                f" for '{spec.task}' it takes {count} of each, one for every convolution",
                kind="conflict",
                key="method.kernels",
            )
        found = zip(self.kernels, self.dilations, strict=True)

        def convolution(before: int, after: int, kernel: int, stride: int) -> nn.Module:
            kernel, dilation = next(found)
            padding = dilation * (kernel // 2)
            return CONVOLUTIONS[dimensions](before, after, kernel, stride, padding, dilation, bias=False)

        return convolution

    def _backbone(self, spec: Spec, convolution: MakeConvolution | None, widen: int) -> nn.Module:
        channels, *size = spec.input_shape
        common: dict[str, Any] = {"dropout": self.dropout, "convolution": convolution}
        if len(size) == 1:
            return residual_1d(channels, spec.output, width=self.width, **common)
        return wide_resnet(channels, spec.output, widen=widen, **common)


def _with_fixed_norm(gradient: Tensor) -> Tensor:
    """Scale the gradient of a layer's preferences to a norm of `PREFERENCE_GRAD_NORM`."""
    scaled: Tensor = PREFERENCE_GRAD_NORM * gradient / (gradient.norm() + 1e-8)
    return scaled


def _is_dense_picture(spec: Spec) -> bool:
    return len(spec.output_size) == 2
