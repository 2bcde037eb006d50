"""Training loops of searches: when they stop, what they clip, and which data each part of the net sees."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from isthmus.config import make_config
from isthmus.methods.optimization import minimize
from isthmus.methods.specialists.search import batch_loss, error_and_loss, minimize_bilevel
from isthmus.methods.specialists.specialist_net import SpecialistNet, SpecialistSpec
from isthmus.seeding import torch_generator
from isthmus.tasks import Task, split_validation

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 1, 4)).astype(np.float32)
TASK = Task.from_arrays(X, 2 * X[:, 0, 0] + 1, kind="regression", name="line")


def make_net() -> SpecialistNet:
    """Make a linear network from series to one number, its scaling left at the identity."""
    torch.manual_seed(0)
    spec = SpecialistSpec(
        task="line",
        kind="regression",
        input_shape=(1, 4),
        output_channels=1,
        output_size=(),
        classes=(),
        method="wrn",
        options={},
    )
    return SpecialistNet(nn.Sequential(nn.Flatten(), nn.Linear(4, 1)), spec)


def weights_of(net: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()]).clone()


def sum_of_weights(net: nn.Module) -> Tensor:
    return torch.stack([p.sum() for p in net.parameters()]).sum()


def descend(net: SpecialistNet, losses: list[float], max_grad_norm: float | None = None) -> list[int]:
    """Minimise the sum of the weights times each factor; return the steps that were made."""
    steps: list[int] = []
    optimizer = torch.optim.SGD(net.parameters(), 1.0)
    minimize(
        net.parameters(),
        lambda step: [losses[step] * sum_of_weights(net)],
        optimizer,
        torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5),
        steps=len(losses),
        max_grad_norm=max_grad_norm,
        after_step=lambda step, loss: steps.append(step),
    )
    return steps


def test_steps_follow_the_gradient_and_the_schedule() -> None:
    net = make_net()
    before = weights_of(net)
    assert descend(net, [1.0, 1.0, 1.0]) == [0, 1, 2]
    torch.testing.assert_close(weights_of(net), before - (1 + 0.5 + 0.25))


def test_a_loss_that_is_not_finite_ends_the_training_with_the_weights_before_it() -> None:
    net = make_net()
    before = weights_of(net)
    assert descend(net, [1.0, float("nan"), 1.0]) == [0]
    torch.testing.assert_close(weights_of(net), before - 1)


def test_terms_of_a_loss_are_descended_together() -> None:
    net, seen = make_net(), list[float]()
    before, optimizer = weights_of(net), torch.optim.SGD(net.parameters(), 1.0)
    minimize(
        net.parameters(),
        lambda step: (
            factor * torch.stack([p.sum() for p in net.parameters()]).sum() for factor in (1.0, 0.5)
        ),
        optimizer,
        torch.optim.lr_scheduler.StepLR(optimizer, 1),
        steps=1,
        after_step=lambda step, loss: seen.append(loss),
    )
    torch.testing.assert_close(weights_of(net), before - 1.5)
    assert seen == pytest.approx([1.5 * before.sum().item()], rel=1e-5)


def test_long_gradients_are_clipped() -> None:
    net = make_net()
    before = weights_of(net)
    descend(net, [100.0], max_grad_norm=0.3)
    assert (weights_of(net) - before).norm() == pytest.approx(0.3, rel=1e-4)


def test_the_batch_loss_is_the_mean_over_the_batch_after_augmentation() -> None:
    net, index = make_net(), np.array([3, 1, 4])

    def add_noise(x: Tensor, y: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return x + torch.randn(x.shape, generator=generator), y

    x, y = torch.from_numpy(X[index]), torch.from_numpy(TASK.train.y[index])
    for task in (TASK, replace(TASK, augment=add_noise)):
        seen = x if task.augment is None else add_noise(x, y, torch_generator(7))[0]
        expected = task.sample_losses(net(seen), y).mean()
        torch.testing.assert_close(batch_loss(net, task, task.train, index, torch_generator(7)), expected)


def test_weights_and_architecture_see_different_halves() -> None:
    """The weights fit one half; the loss of the architecture is that of the other half."""
    config = make_config({"task": "line", "method": "darts", "batch_size": 100, "seed": 3})
    net, received = make_net(), []

    def update(loss: Tensor) -> None:
        received.append(loss.item())

    minimize_bilevel(net, update, TASK, TASK.train, config, steps=4, warmup=0.5, lr=0.0)
    _, other = split_validation(TASK.train, 0.5, 3, TASK.stratified)
    assert other is not None
    with torch.no_grad():
        output = net(torch.from_numpy(other.x))
        expected = TASK.sample_losses(output, torch.from_numpy(other.y)).mean().item()
    assert received == pytest.approx([expected] * 2)  # The other two steps are the warm-up.


def test_bilevel_training_lowers_the_loss() -> None:
    config = make_config({"task": "line", "method": "darts", "batch_size": 25})
    net, received = make_net(), []
    minimize_bilevel(
        net, lambda loss: received.append(loss.item()), TASK, TASK.train, config, steps=60, warmup=0.0, lr=0.1
    )
    assert len(received) == 60
    assert received[-1] < 0.05 * received[0]


def test_error_and_loss_do_not_depend_on_the_batches() -> None:
    net = make_net()
    error, loss = error_and_loss(net, TASK, TASK.train)
    x, y = torch.from_numpy(X), torch.from_numpy(TASK.train.y)
    with torch.no_grad():
        output = net(x)
    metric = TASK.new_metric()
    metric.update(output, y)
    assert error == pytest.approx(float(metric.compute()), rel=1e-5)
    assert loss == pytest.approx(TASK.sample_losses(output, y).mean().item(), rel=1e-5)
    with torch.no_grad():
        next(net.parameters()).fill_(torch.nan)
    assert error_and_loss(net, TASK, TASK.train) == (np.inf, np.inf)
