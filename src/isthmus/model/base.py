"""What every trained network is: it takes and gives the user's units, and is saved in a folder."""

import re
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from isthmus.config.plain_text import read_json
from isthmus.errors import InputError
from isthmus.files import atomic_write, make_folder, write_text
from isthmus.hub import download
from isthmus.tasks import Output, Task
from isthmus.tasks.scaling import SCALES, divisor, needs_float64, varies

SPEC, WEIGHTS = "net.json", "net.safetensors"
HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
"""Name of a repository on the hub"""


class Spec(BaseModel):
    """Description of the task that a net is made for, as in `net.json`.

    Attributes:
        scale: Whether inputs are standardised by `channel`, by `position` of each channel, or not: `none`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    kind: str
    input_shape: Annotated[tuple[PositiveInt, ...], Field(min_length=2)]
    output_channels: PositiveInt
    output_size: tuple[PositiveInt, ...]
    classes: tuple[str | int, ...]
    scale: str = "channel"

    @model_validator(mode="after")
    def _check_classes(self) -> Self:
        if self.classes and len(self.classes) != self.output_channels:
            raise ValueError(f"{len(self.classes)} classes and {self.output_channels} channels of output")
        return self

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
    def scale_shape(self) -> tuple[int, ...]:
        """Shape of the mean and the deviation of inputs."""
        return self.input_shape if self.scale == "position" else self.input_shape[:1]

    @property
    def output(self) -> Output:
        """Channels and size of the net's output."""
        return Output(self.output_channels, self.output_size)


class Net(nn.Module, ABC):
    """A network from samples [B, C, L] or [B, C, H, W] to outputs [B, C', *size].

    Input is standardised and output scaled back inside, by statistics of the training data, so that
    it takes and gives the user's units. These statistics are float64 where float32 would lose what varies
    in the data; such inputs are given, and such outputs come, in float64.

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
        for name, size in (("x", spec.scale_shape), ("y", (spec.output_channels,))):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_std", torch.ones(size))

    @abstractmethod
    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return the parameters of each part that can learn, by the part's name."""

    def blocks(self) -> list[nn.Module]:
        """Return the modules that hold most of the work of a training step, which are compiled one by one."""
        return list(self.children())

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
        return ((x - self.x_mean.view(shape)) / self.x_std.view(shape)).float()

    def scale_back(self, output: Tensor) -> Tensor:
        """Scale output [B, C', *size] to the units of the targets."""
        shape = (-1, *[1] * (output.dim() - 2))
        return output * self.y_std.view(shape) + self.y_mean.view(shape)

    def fit_scale(self, task: Task) -> None:
        """Set mean and standard deviation of every channel, or position, to those of the training data."""
        x, y = task.train.x, task.train.y
        mean, std = SCALES[self.spec.scale](x)
        first = np.asarray(x[np.arange(1)][0]).reshape(*mean.shape, -1)[..., 0]
        mean = np.where(varies(mean, std, x.dtype), mean, first)  # what is constant becomes 0, not rounding
        self._set_scale("x", mean, divisor(mean, std, x.dtype), needs_float64(mean, std, x.dtype))
        y_mean, y_std = np.asarray(task.y_mean), np.asarray(task.y_std)
        wide = y.dtype == np.float64 or (y.dtype.kind == "f" and needs_float64(y_mean, y_std, y.dtype))
        self._set_scale("y", y_mean, y_std, wide)

    def _set_scale(self, name: str, mean: np.ndarray, std: np.ndarray, wide: bool) -> None:
        """Set mean and deviation of inputs ("x") or targets ("y"), in float64 if `wide`, else in float32."""
        dtype = torch.float64 if wide else torch.float32
        for part, values in (("mean", mean), ("std", std)):
            device = getattr(self, f"{name}_{part}").device
            setattr(self, f"{name}_{part}", torch.as_tensor(values, dtype=dtype, device=device))

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

        Args:
            folder: Folder, or name on the Hugging Face hub: "user/name".

        Raises:
            InputError: If the folder holds no net, or a damaged or foreign one, or the hub has none.
        """
        if isinstance(folder, str) and HUB_NAME.fullmatch(folder) and not Path(folder).exists():
            try:
                folder = download(folder, [SPEC, WEIGHTS, *(f"{part}/*" for part in cls.separate)])
            except InputError as error:
                message = f"there is no folder '{folder}', and {error}"
                raise InputError(message, kind="unknown", key=folder) from None
        folder = Path(folder)
        for file in (SPEC, WEIGHTS):
            if not (folder / file).is_file():
                raise InputError(
                    f"'{folder}' holds no isthmus net: {file} is missing", kind="file", key=folder
                )
        spec = read_json(folder / SPEC, cls.spec_type, "make the run again")
        try:
            weights = load_file(folder / WEIGHTS)
            _check_scales(spec, weights, folder)  # before a network of any size is built
            net = cls.from_spec(spec, folder)
        except InputError:
            raise
        except Exception as error:  # a part that was never written that way fails in a way of its own
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise InputError(
                f"the net in '{folder}' is damaged or not an isthmus net: {reason}", kind="file", key=folder
            ) from None
        net._fill(weights, folder)
        return net.eval()

    def _fill(self, weights: dict[str, Tensor], folder: Path) -> None:
        """Set all weights but those in `separate`; raise InputError if they are not just those of the net."""
        for name in ("x_mean", "x_std", "y_mean", "y_std"):
            if name in weights and weights[name].dtype == torch.float64:
                setattr(self, name, getattr(self, name).double())
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


def _check_scales(spec: Spec, weights: dict[str, Tensor], folder: Path) -> None:
    """Raise InputError unless the scales in a file of weights are of the sizes that a spec says."""
    for name, size in {"x_mean": spec.scale_shape, "y_mean": (spec.output_channels,)}.items():
        if name not in weights:
            continue  # as is reported when the net is filled
        if weights[name].shape != size:
            raise InputError(
                f"the weights in '{folder}' do not fit its net.json: {name} is {list(weights[name].shape)}, "
                f"expected {list(size)}",
                kind="file",
                key=folder,
            )
