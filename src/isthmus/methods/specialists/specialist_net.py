"""The network of a specialist: a body of its own between standardised input and scaled output."""

from pathlib import Path
from typing import Any, Self

from torch import Tensor, nn

from isthmus.methods import methods
from isthmus.model import Net, Spec


class SpecialistSpec(Spec):
    """What a specialist's net is made for, and by which method it is built."""

    method: str
    options: dict[str, Any]


class SpecialistNet(Net):
    """A body between standardised input and output to be scaled back.

    Args:
        body: Network from [B, C, L] or [B, C, H, W] to [B, C', *size].
        spec: Description from which the body can be built again.
    """

    spec: SpecialistSpec
    spec_type = SpecialistSpec
    part_names = ("body",)

    def __init__(self, body: nn.Module, spec: SpecialistSpec) -> None:
        super().__init__(spec)
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """Predict targets [B, C', *size] of samples [B, C, L] or [B, C, H, W]."""
        return self.scale_back(self.body(self.standardise(x)))

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return all parameters of the body as one part."""
        return {"body": list(self.body.parameters())}

    @classmethod
    def from_spec(cls, spec: SpecialistSpec, folder: Path) -> Self:
        """Build a new body for a spec by its method.

        Raises:
            InputError: If a library that the method needs is missing.
        """
        specialist: Any = methods[spec.method](**spec.options)
        return cls(specialist.build_body(spec), spec)
