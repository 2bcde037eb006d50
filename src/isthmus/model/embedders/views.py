"""Several embedders in one: every sample is shown to the backbone in several ways."""

from typing import Any

from torch import Tensor, nn

from isthmus.backbones import Backbone
from isthmus.config.parts import as_part
from isthmus.config.validation import complete_options
from isthmus.errors import InputError
from isthmus.model.embedders.embedder import Embedder
from isthmus.model.embedders.registry import embedders


@embedders.register("views")
class ViewsEmbedder(Embedder):
    """Show a sample in several ways to one backbone; the net's output is the average of what it says to each.

    In a step of training every sample is shown in one view, half of a batch in the first of two, half in the
    second, so that a step costs what it costs with one view. A prediction sees all views.

    Args:
        backbone: Backbone to start from.
        input_shape: Shape (C, L) or (C, H, W) of a sample.
        of: Embedders, each a name or a name and its options: `[picture, {name: fold, scale: sample}]`.

    Raises:
        InputError: If there are fewer than two, or their tokens are laid out differently.
    """

    def __init__(
        self,
        backbone: Backbone,
        input_shape: tuple[int, ...],
        *,
        of: list[str | dict[str, Any]] = ["picture", "fold"],  # noqa: B006, read and never changed
    ) -> None:
        super().__init__()
        if len(of) < 2:
            raise InputError(f"views are two embedders or more, not {len(of)}", key="embedder.of")
        self.members = nn.ModuleList(_make(part, backbone, input_shape) for part in of)
        self.views = len(self.members)
        layouts = [tuple(member.layout) for member in self.members if isinstance(member, Embedder)]
        if len(set(layouts)) > 1:
            shown = " and ".join(str(list(layout)) for layout in layouts)
            raise InputError(
                f"views need tokens of one layout; these have {shown}", kind="conflict", key="embedder.of"
            )
        self.layout = layouts[0]

    def forward(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, L] or [B, C, H, W] as tokens [B, N, D]; sample i in view i mod V."""
        parts = [member(x[view :: self.views]) for view, member in enumerate(self.members)]
        tokens: Tensor = parts[0].new_empty(len(x), *parts[0].shape[1:])
        for view, part in enumerate(parts):
            tokens[view :: self.views] = part
        return tokens


def _make(part: str | dict[str, Any], backbone: Backbone, input_shape: tuple[int, ...]) -> Embedder:
    """Make an embedder of a name and options."""
    given: Any = as_part(part)
    options = complete_options("embedder", given, embedders[given["name"]])
    name = options.pop("name")
    if embedders[name].reads_units:
        raise InputError(
            f"the embedder '{name}' cannot be one of several views; give embedder={name}",
            kind="conflict",
            key="embedder.of",
        )
    return embedders[name](backbone, input_shape, **options)
