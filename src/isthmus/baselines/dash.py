"""DASH: a search over the kernel sizes and dilations of a residual network."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import MultiStepLR

from isthmus.baselines.aggregated_convolution import AggregatedConvolution, Choice
from isthmus.baselines.resnet import MakeConvolution, residual_1d, wide_resnet
from isthmus.baselines.specialist import Specialist
from isthmus.baselines.specialist_net import SpecialistNet
from isthmus.config.schema import RunConfig
from isthmus.errors import InputError
from isthmus.methods import Searching, methods
from isthmus.model.base import Spec
from isthmus.seeding import derive_seed, numpy_generator, torch_generator
from isthmus.tasks import Split, Task, split_validation

log = logging.getLogger("isthmus")

KERNELS = {1: (3, 7, 11, 15, 19), 2: (3, 5, 7, 9)}
DILATIONS = 1, 3, 7, 15
LAYERS = {1: 9, 2: 13}
"""Convolutions of the backbone"""
FACTOR, AT = 0.2, (0.3, 0.6, 0.8)
"""What the learning rate is multiplied by, and at which parts of a training"""
HELD_OUT = 0.2
"""Of the training data, to judge settings by where there is no validation data"""
JUDGED = 1000
"""Validation samples that settings are judged by, at most"""
DENSE_BATCH = 4
"""Dense pictures in a batch of the search, at most (published: 4, 8 or 10)"""
NORM = 0.5
"""Of the gradient of a layer's preferences (published: 0.01, for a hundred times the steps and more)"""
EVALUATION_BATCH = 64
CONVOLUTIONS: dict[int, Callable[..., nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d}


class Trial(NamedTuple):
    """Settings of a training."""

    lr: float
    dropout: float
    weight_decay: float
    momentum: float


GRID = [Trial(*values) for values in product((0.1, 0.01, 0.001), (0.0, 0.05), (5e-4, 5e-6), (0.9, 0.99))]
DENSE_GRID = [Trial(lr, 0.0, 5e-5, 0.99) for lr in (0.01, 0.001, 0.0001)]


@methods.register("dash")
class Dash(Specialist, Searching):
    """DASH (Shen et al., NeurIPS 2022): row DASH of PaRe's Table 1.

    Search: every convolution of the backbone of `wrn` becomes a weighted sum over kernel sizes and dilations,
    done at once (`aggregated.py`). Weights and preferences descend the loss of the training data together,
    and each layer keeps the choice that it prefers. Settings: a grid over learning rate, dropout, weight
    decay and momentum, by the error on validation data, or on a fifth of the training data where there is
    none. The run then trains the found network with these, by SGD; tune_steps=0 leaves it its own settings,
    and search_steps=0 the backbone as it is.

    What differs: the published search takes 100 epochs of a fifth of the batches, the grid 80 epochs of a
    subsample, the retraining 200 epochs. The defaults are what one core affords: so few steps leave the
    choice of a layer noisy, though the gradient of its preferences is made longer for it. Dense pictures get
    the smaller grid that was published for three such tasks.

    Args:
        search_steps: of the search; 0 leaves it out; None for 200, or 20 for dense pictures.
        tune_steps: of each training of the grid; 0 leaves it out; None for 40, or 5 for dense pictures.
        kernel_choices: kernel sizes to choose from; None for 3, 7, 11, 15, 19 for series, 3, 5, 7, 9 for
            pictures, as far as half the shortest side; dense pictures get 3 and 5 alone, for what others cost
            in the retraining.
        dilation_choices: dilations to choose from; None for 1, 3, 7, 15, as far as half the shortest side.
        separable: whether the search convolves each channel for itself. In the published code those layers do
            that keep the number of channels, here all do.
        widen: factor on the channels for pictures (published: 4); None for 4, or 1 for dense ones. The search
            has 1.
        width: channels of the first block for series (published: 4, 16 or 64, by the number of classes).
        kernels, dilations: of each convolution, in order; None to search for them.
        dropout: inside the blocks; the grid chooses another.
    """

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
        for name, value, least in (
            ("search_steps", search_steps, 0),
            ("tune_steps", tune_steps, 0),
            ("widen", widen, 1),
            ("width", width, 1),
        ):
            if value is not None and value < least:
                raise InputError(f"dash's {name} is {value}; it is {least} or more")
        if not 0 <= dropout < 1:
            raise InputError(f"dash's dropout is {dropout}; it lies in [0, 1)")
        for name, sizes in (("kernel_choices", kernel_choices), ("kernels", kernels)):
            if sizes is not None and not (sizes and all(size > 0 and size % 2 for size in sizes)):
                raise InputError(f"dash's {name} are {sizes}; give odd sizes, such as [3, 5]")
        for name, steps in (("dilation_choices", dilation_choices), ("dilations", dilations)):
            if steps is not None and not (steps and all(step > 0 for step in steps)):
                raise InputError(f"dash's {name} are {steps}; give numbers from 1 on, such as [1, 3]")
        if (kernels is None) != (dilations is None):
            raise InputError("dash takes kernels and dilations together; give both, or neither to search")
        self.search_steps, self.tune_steps = search_steps, tune_steps
        self.kernel_choices, self.dilation_choices = kernel_choices, dilation_choices
        self.separable, self.widen, self.width = separable, widen, width
        self.kernels, self.dilations, self.dropout = kernels, dilations, dropout

    def supports(self, spec: Spec) -> bool:
        """One vector, or as many dimensions as the input."""
        return len(spec.output_size) in (0, len(spec.input_shape) - 1)

    def build_body(self, spec: Spec) -> nn.Module:
        """[B, C, L] or [B, C, H, W] -> [B, C', *size]: what was found; before that, the backbone as it is."""
        return self._backbone(spec, self._found(spec), self.widen or (1 if _is_dense_picture(spec) else 4))

    def search(self, task: Task, train: Split, validation: Split | None, config: RunConfig) -> dict[str, Any]:
        """Kernels and dilations, and the settings to train them with."""
        net = self.build(config, task).to("cuda" if torch.cuda.is_available() else "cpu")
        costly = _is_dense_picture(net.spec)
        search_steps = (20 if costly else 200) if self.search_steps is None else self.search_steps
        tune_steps = (5 if costly else 40) if self.tune_steps is None else self.tune_steps
        part = dict(config.method)
        if self.kernels is None and search_steps:
            size = (
                min(config.data.batch_size or len(train), DENSE_BATCH) if costly else config.data.batch_size
            )
            short = Short(task, train, config.updated(batch_size=size))
            found = self._choose(net, short, search_steps)
            part |= {"kernels": [c.kernel for c in found], "dilations": [c.dilation for c in found]}
        if not tune_steps:
            return {"method": part}
        if validation is None:
            train, validation = split_validation(train, HELD_OUT, config.seed, task.stratified)
        assert validation is not None
        best = tune(part, net, Short(task, train, config), validation, tune_steps)
        return {
            "method": {**part, "dropout": best.dropout},
            "optimizer": "sgd",
            "lr": best.lr,
            "momentum": best.momentum,
            "nesterov": True,
            "weight_decay": best.weight_decay,
            "warmup_ratio": 0.0,
            "schedule": {"name": "steps", "factor": FACTOR, "at": list(AT)},
        }

    def choices(self, spec: Spec) -> list[Choice]:
        """What every convolution may look like."""
        sides = spec.input_shape[1:]
        half = max(min(sides) // 2, 3)
        kernels = KERNELS[len(sides)][: 2 if _is_dense_picture(spec) else None]
        return [
            Choice(kernel, dilation)
            for kernel in self.kernel_choices or [k for k in kernels if k <= half]
            for dilation in self.dilation_choices or [d for d in DILATIONS if d <= half]
        ]

    def _choose(self, net: SpecialistNet, short: "Short", steps: int) -> list[Choice]:
        """Train the supernet in place of the net's body: what each layer prefers then."""
        choices, dimensions = self.choices(net.spec), len(net.spec.input_shape) - 1

        def aggregated(before: int, after: int, kernel: int, stride: int) -> nn.Module:
            return AggregatedConvolution(before, after, stride, choices, dimensions, self.separable)

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(short.config.seed, "supernet"))
            net.body = self._backbone(net.spec, aggregated, 1).to(net.x_mean.device)
        layers = [module for module in net.modules() if isinstance(module, AggregatedConvolution)]
        preferences = [layer.preferences for layer in layers]
        weights = [p for p in net.parameters() if all(p is not other for other in preferences)]
        lr, preferences_lr = (0.01, 0.005) if net.spec.output_size else (0.1, 0.05)
        for layer in layers:
            layer.preferences.register_hook(_scaled)
        optimizer = sgd(weights, Trial(lr, 0.0, 5e-4, 0.9))
        optimizer.add_param_group({"params": preferences, "lr": preferences_lr})
        short.descend(net, optimizer, steps, "search")
        return [layer.preferred for layer in layers]

    def _found(self, spec: Spec) -> MakeConvolution | None:
        """Convolutions of the found sizes and dilations, in their order; None where nothing was found yet."""
        if self.kernels is None or self.dilations is None:
            return None
        dimensions = len(spec.input_shape) - 1
        if not len(self.kernels) == len(self.dilations) == LAYERS[dimensions]:
            raise InputError(
                f"dash has {len(self.kernels)} kernels and {len(self.dilations)} dilations;"
                f" for '{spec.task}' it takes {LAYERS[dimensions]} of each, one for every convolution"
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


class Short(NamedTuple):
    """Short trainings: of the supernet, and with the settings of the grid."""

    task: Task
    train: Split
    config: RunConfig

    def descend(self, net: SpecialistNet, optimizer: Optimizer, steps: int, purpose: str) -> None:
        """So many steps on the loss of the task, or fewer: until it is no longer a number."""
        size = min(self.config.data.batch_size or len(self.train), len(self.train))
        schedule = MultiStepLR(optimizer, [round(part * steps) for part in AT], FACTOR)
        device = net.x_mean.device
        net.train()
        with torch.random.fork_rng():
            for step in range(steps):
                draw = (self.config.seed, purpose, step)
                torch.manual_seed(derive_seed(*draw))
                index = numpy_generator(*draw).choice(len(self.train), size, replace=False)
                x, y = (torch.from_numpy(part[index]) for part in (self.train.x, self.train.y))
                if self.task.augment is not None:
                    x, y = self.task.augment(x, y, torch_generator(*draw, "augment"))
                loss = self.task.sample_losses(net(x.to(device)), y.to(device)).mean()
                if not loss.isfinite():
                    return
                optimizer.zero_grad()
                loss.backward()
                if self.config.optim.max_grad_norm is not None:
                    nn.utils.clip_grad_norm_(net.parameters(), self.config.optim.max_grad_norm)
                optimizer.step()
                schedule.step()

    @torch.no_grad()
    def judge(self, net: SpecialistNet, split: Split) -> tuple[float, float]:
        """Error and loss on a split; both infinite where either is not a number."""
        device, metric, losses = net.x_mean.device, self.task.new_metric(), []
        metric.to(device)
        net.eval()
        for start in range(0, len(split), EVALUATION_BATCH):
            index = np.arange(start, min(start + EVALUATION_BATCH, len(split)))
            x, y = (torch.from_numpy(part[index]).to(device) for part in (split.x, split.y))
            output = net(x)
            losses.append(self.task.sample_losses(output, y))
            metric.update(output, y)
        error, loss = float(metric.compute()), float(torch.cat(losses).mean())
        return (error, loss) if math.isfinite(error + loss) else (math.inf, math.inf)


def tune(part: Mapping[str, Any], net: SpecialistNet, short: Short, validation: Split, steps: int) -> Trial:
    """The settings with the least validation error, and of those with the same, the least validation loss.

    Args:
        part: the method's part of the description.
        net: its scale is known; its body is replaced.
        short: on training data that is none of the validation data.
        validation: what is judged on; of more than `JUDGED` samples, so many, drawn at random.
        steps: of each training.
    """
    seed, options = short.config.seed, {key: value for key, value in part.items() if key != "name"}
    drawn = numpy_generator(seed, "judged").permutation(len(validation))[:JUDGED]
    judged = validation.part(np.sort(drawn))

    def outcome(trial: Trial) -> tuple[float, float]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "net"))
            body = Dash(**{**options, "dropout": trial.dropout}).build_body(net.spec)
        net.body = body.to(net.x_mean.device)
        short.descend(net, sgd(list(net.parameters()), trial), steps, "tune")
        error, loss = short.judge(net, judged)
        log.info("%s: validation error %.4g, loss %.4g", trial, error, loss)
        return error, loss

    return min(DENSE_GRID if _is_dense_picture(net.spec) else GRID, key=outcome)


def sgd(parameters: Sequence[nn.Parameter], trial: Trial) -> SGD:
    """Nesterov's; vectors (biases, norms) do not decay."""
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": trial.weight_decay},
        {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return SGD(groups, trial.lr, trial.momentum, nesterov=True)


def _scaled(gradient: Tensor) -> Tensor:
    """The gradient of a layer's preferences at the length that it always has."""
    return NORM * gradient / (gradient.norm() + 1e-8)


def _is_dense_picture(spec: Spec) -> bool:
    return len(spec.output_size) == 2
