"""What every trained network is: it takes and gives the user's units, and lies in a folder."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from isthmus.errors import InputError
from isthmus.files import atomic_write, make_folder, write_text
from isthmus.tasks import Output, Task

SPEC, WEIGHTS = "net.json", "net.safetensors"


class Spec(BaseModel):
    """What a net is made for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    kind: str
    input_shape: tuple[int, ...]
    output_channels: int
    output_size: tuple[int, ...]
    classes: tuple[str | int, ...]

    @classmethod
    def of(cls, task: Task, **more: Any) -> Self:
        """For a task, with what else a net must know."""
        return cls(
            task=task.name,
            kind=task.kind,
            input_shape=task.input_shape,
            output_channels=task.output.channels,
            output_size=task.output.size,
            classes=task.classes,
            **more,
        )

    @property
    def output(self) -> Output:
        """Channels and size of the output."""
        return Output(self.output_channels, self.output_size)


S = TypeVar("S", bound=Spec)


class Net(nn.Module, ABC):
    """A network from samples to outputs, [B, C, L] or [B, C, H, W] -> [B, C', *size].

    Input is standardised and output scaled back inside, by statistics of the training data, so that
    it takes and gives the user's units.

    Attributes:
        spec: what it is made for.
    """

    spec: Spec
    x_mean: Tensor
    x_std: Tensor
    y_mean: Tensor
    y_std: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        for name, channels in (("x", spec.input_shape[0]), ("y", spec.output_channels)):
            self.register_buffer(f"{name}_mean", torch.zeros(channels))
            self.register_buffer(f"{name}_std", torch.ones(channels))

    @abstractmethod
    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The parameters of each part that can learn, by the part's name."""

    @abstractmethod
    def save_pretrained(self, folder: str | Path) -> None:
        """Write everything that is needed to load it again."""

    def standardise(self, x: Tensor) -> Tensor:
        """Every channel to the mean 0 and standard deviation 1 that it has in the training data."""
        return (x - _channels(self.x_mean, x)) / _channels(self.x_std, x)

    def scale_back(self, output: Tensor) -> Tensor:
        """Output [B, C', *size] in the units of the targets."""
        return output * _channels(self.y_std, output) + _channels(self.y_mean, output)

    def fit_scale(self, task: Task) -> None:
        """Take the mean and standard deviation of every channel from the training data."""
        x = task.train.x
        axes = (0, *range(2, x.ndim))
        mean, std = x.mean(axes, dtype=np.float64), x.std(axes, dtype=np.float64)
        std = np.where(
            std > 1e-8 * np.maximum(1, np.abs(mean)), std, 1.0
        )  # a constant channel stays as it is
        for buffer, values in (
            (self.x_mean, mean),
            (self.x_std, std),
            (self.y_mean, task.y_mean),
            (self.y_std, task.y_std),
        ):
            buffer.copy_(torch.as_tensor(np.asarray(values), dtype=torch.float32))


def write_net(folder: Path, spec: Spec, weights: dict[str, Tensor]) -> None:
    """Write `net.safetensors` and then `net.json`."""
    make_folder(folder)
    with atomic_write(folder / WEIGHTS) as beside:
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, beside)
    write_text(folder / SPEC, spec.model_dump_json(indent=2) + "\n")


def read_net(folder: Path, kind: type[S]) -> tuple[S, dict[str, Tensor]]:
    """Read what `write_net` wrote.

    Raises:
        InputError: if the folder holds no net, or a damaged or foreign one.
    """
    for file in (SPEC, WEIGHTS):
        if not (folder / file).is_file():
            raise InputError(f"'{folder}' holds no isthmus net: {file} is missing")
    try:
        return kind.model_validate_json((folder / SPEC).read_text()), load_file(folder / WEIGHTS)
    except (ValidationError, SafetensorError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"the net in '{folder}' is damaged or not an isthmus net: {reason}") from None


def fill_net(net: Net, weights: dict[str, Tensor], folder: Path, elsewhere: str = "") -> None:
    """Lay weights into a net.

    Args:
        net: changed in place.
        weights: by name.
        folder: that they are from, for messages.
        elsewhere: how the names of those begin that are not among them.

    Raises:
        InputError: if one is missing, foreign or of another shape.
    """
    try:
        missing, foreign = net.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise InputError(f"the weights in '{folder}' do not fit its net.json: {reason}") from None
    missing = [name for name in missing if not (elsewhere and name.startswith(elsewhere))]
    if missing or foreign:
        raise InputError(
            f"the weights in '{folder}' do not fit its net.json: {(missing + foreign)[0]}"
            f" is {'missing' if missing else 'foreign'}"
        )


def _channels(values: Tensor, like: Tensor) -> Tensor:
    """[C] -> [C, 1...], to broadcast over the positions of [B, C, ...]."""
    return values.view(-1, *[1] * (like.dim() - 2))
