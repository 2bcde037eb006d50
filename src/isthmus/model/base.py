"""What every trained network is: it takes and gives the user's units, and is saved in a folder."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

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
    """Description of the task that a net is made for, as in `net.json`.

    Attributes:
        scale: Whether inputs are standardised by `channel`, or by `position` of each channel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    kind: str
    input_shape: tuple[int, ...]
    output_channels: int
    output_size: tuple[int, ...]
    classes: tuple[str | int, ...]
    scale: str = "channel"

    @classmethod
    def of(cls, task: Task, **more: Any) -> Self:
        """Describe a task; further fields are keywords."""
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
        """Channels and size of the net's output."""
        return Output(self.output_channels, self.output_size)


class Net(nn.Module, ABC):
    """A network from samples [B, C, L] or [B, C, H, W] to outputs [B, C', *size].

    Input is standardised and output scaled back inside, by statistics of the training data, so that
    it takes and gives the user's units.

    Attributes:
        spec: Description of the task that it is made for.
        spec_type: Class of `spec`.
        separate: Names of the submodules that are saved in folders of their own.
    """

    spec: Spec
    spec_type: ClassVar[type[Spec]]
    separate: ClassVar[tuple[str, ...]] = ()
    x_mean: Tensor
    x_std: Tensor
    y_mean: Tensor
    y_std: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        shape = spec.input_shape if spec.scale == "position" else spec.input_shape[:1]
        for name, size in (("x", shape), ("y", (spec.output_channels,))):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_std", torch.ones(size))

    @abstractmethod
    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return the parameters of each part that can learn, by the part's name."""

    @classmethod
    @abstractmethod
    def from_spec(cls, spec: Any, folder: Path) -> Self:
        """Build the net that a saved spec describes; all weights but those in `separate` are set later.

        Args:
            spec: Spec of the class `spec_type`.
            folder: Folder of the saved net.
        """

    def standardise(self, x: Tensor) -> Tensor:
        """Scale x [B, C, ...]: each channel, or position, has mean 0 and deviation 1 in training data."""
        shape = (*self.x_mean.shape, *[1] * (x.dim() - 1 - self.x_mean.dim()))
        return (x - self.x_mean.view(shape)) / self.x_std.view(shape)

    def scale_back(self, output: Tensor) -> Tensor:
        """Scale output [B, C', *size] to the units of the targets."""
        shape = (-1, *[1] * (output.dim() - 2))
        return output * self.y_std.view(shape) + self.y_mean.view(shape)

    def fit_scale(self, task: Task) -> None:
        """Set mean and standard deviation of every channel, or position, to those of the training data."""
        mean, std = SCALES[self.spec.scale](task.train.x)
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

    def save_pretrained(self, folder: str | Path) -> None:
        """Write submodules in `separate`, then `net.safetensors` with all other weights, then `net.json`."""
        folder = make_folder(Path(folder))
        for name in self.separate:
            part: Any = self.get_submodule(name)
            part.save_pretrained(folder / name)
        weights = {
            name: tensor.contiguous()
            for name, tensor in self.state_dict().items()
            if name.split(".")[0] not in self.separate
        }
        with atomic_write(folder / WEIGHTS) as beside:
            save_file(weights, beside)
        write_text(folder / SPEC, self.spec.model_dump_json(indent=2) + "\n")

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """Load what `save_pretrained` wrote, in evaluation mode; no source is needed.

        Raises:
            InputError: If the folder holds no net, or a damaged or foreign one.
        """
        folder = Path(folder)
        for file in (SPEC, WEIGHTS):
            if not (folder / file).is_file():
                raise InputError(
                    f"'{folder}' holds no isthmus net: {file} is missing", kind="file", key=folder
                )
        try:
            spec = cls.spec_type.model_validate_json((folder / SPEC).read_text())
            weights = load_file(folder / WEIGHTS)
        except (ValidationError, SafetensorError, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"the net in '{folder}' is damaged or not an isthmus net: {reason}", kind="file", key=folder
            ) from None
        net = cls.from_spec(spec, folder)
        net._fill(weights, folder)
        return net.eval()

    def _fill(self, weights: dict[str, Tensor], folder: Path) -> None:
        """Set all weights but those in `separate`; raise InputError if they are not just those of the net."""
        try:
            missing, foreign = self.load_state_dict(weights, strict=False)
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            raise InputError(
                f"the weights in '{folder}' do not fit its net.json: {reason}", kind="file", key=folder
            ) from None
        missing = [name for name in missing if name.split(".")[0] not in self.separate]
        if missing or foreign:
            raise InputError(
                f"the weights in '{folder}' do not fit its net.json: {(missing + foreign)[0]}"
                f" is {'missing' if missing else 'foreign'}",
                kind="file",
                key=folder,
            )


def _by_channel(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation [C] over samples and positions of x [N, C, ...]."""
    axes = (0, *range(2, x.ndim))
    return x.mean(axes, dtype=np.float64), x.std(axes, dtype=np.float64)


def _by_position(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation [C, ...] over samples of x [N, C, ...], of at most `POSITION_SAMPLES`."""
    chosen = np.linspace(0, len(x) - 1, min(len(x), POSITION_SAMPLES)).round().astype(np.int64)
    samples = x[chosen]
    return samples.mean(0, dtype=np.float64), samples.std(0, dtype=np.float64)


POSITION_SAMPLES = 4096
SCALES = {"channel": _by_channel, "position": _by_position}
