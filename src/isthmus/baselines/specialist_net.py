"""The network of a specialist, and how a trained network of any kind is loaded."""

import json
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from isthmus.methods import methods
from isthmus.model import CrossModalNet, Net
from isthmus.model.base import SPEC, Spec, fill_net, read_net, write_net


class SpecialistSpec(Spec):
    """What a specialist's net is made for, and by which method it is built."""

    method: str
    options: dict[str, Any]


class SpecialistNet(Net):
    """A body between standardised input and output to be scaled back.

    Args:
        body: [B, C, L] or [B, C, H, W] -> [B, C', *size]
        spec: enough to build the body again.
    """

    spec: SpecialistSpec
    part_names = ("body",)

    def __init__(self, body: nn.Module, spec: SpecialistSpec) -> None:
        super().__init__(spec)
        self.spec = spec
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] or [B, C, H, W] -> [B, C', *size]"""
        return self.scale_back(self.body(self.standardise(x)))

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The body, whole."""
        return {"body": list(self.body.parameters())}

    def save_pretrained(self, folder: str | Path) -> None:
        """Write `net.json` and `net.safetensors` to `folder`."""
        write_net(Path(folder), self.spec, self.state_dict())

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "SpecialistNet":
        """Load what `save_pretrained` wrote, in evaluation mode.

        Raises:
            InputError: if the folder holds no net, or a damaged or foreign one, or if a library that the
                method needs is missing.
        """
        spec, weights = read_net(Path(folder), SpecialistSpec)
        specialist: Any = methods[spec.method](**spec.options)
        net = cls(specialist.build_body(spec), spec)
        fill_net(net, weights, Path(folder))
        return net.eval()


def load_net(folder: Path) -> Net:
    """A trained network, of a specialist or of a method that crosses.

    Raises:
        InputError: if the folder holds no net, or a damaged or foreign one.
    """
    return (SpecialistNet if _is_specialist(folder / SPEC) else CrossModalNet).from_pretrained(folder)


def _is_specialist(path: Path) -> bool:
    try:
        return "method" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False  # whoever reads it in earnest says what is wrong
