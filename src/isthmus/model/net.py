"""The network that crosses from one modality to another: embedder, gate, backbone and predictors."""

import json
import math
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from isthmus.backbones import Backbone, load_backbone
from isthmus.errors import InputError
from isthmus.model.base import SPEC, Net, Spec
from isthmus.model.embedders.embedder import embedders, resize
from isthmus.seeding import derive_seed
from isthmus.tasks import Output


class Gate(nn.Linear):
    """One fully connected layer and a sigmoid (PaRe, section 3.2), shared by source and target."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Score tokens [B, L, D] by how useful they are: [B, L] in (0, 1)."""
        return super().forward(tokens).squeeze(-1).sigmoid()


class PooledPredictor(nn.Linear):
    """One vector per sample: mean over the tokens, then a linear layer (class logits, numbers)."""

    def forward(self, features: Tensor) -> Tensor:
        """Predict [B, channels] from features [B, L', F]."""
        return super().forward(features.mean(1))


class DensePredictor(nn.Module):
    """A value for every position: each feature token becomes the patch of output that it covers.

    A linear layer gives the values of the patch; where the backbone merged tokens, the patch covers
    the tokens that were merged (sub-pixel convolution, Shi et al., CVPR 2016). The field is then
    resampled to the output's size.

    Args:
        backbone: Backbone whose features are read.
        layout: Layout of the tokens, (N,) or (rows, columns).
        output: Channels C' and size, of as many dimensions as the layout.

    Raises:
        InputError: If output and layout differ in dimensions.
    """

    def __init__(self, backbone: Backbone, layout: tuple[int, ...], output: Output) -> None:
        super().__init__()
        if len(layout) != len(output.size):
            raise InputError(
                f"an output of size {list(output.size)} has {len(output.size)} dimensions and the tokens have"
                f" {len(layout)}; a field or a mask needs an input of as many, and the embedder 'patch'",
                kind="conflict",
                key="embedder",
            )
        self.grid, self.merged = backbone.grid, backbone.reduction
        self.layout, self.output = layout, output
        self.patch = tuple(math.ceil(s / n) for s, n in zip(output.size, layout, strict=True))
        self.linear = nn.Linear(
            backbone.feature_width, self.merged**2 * output.channels * math.prod(self.patch)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Predict [B, C', *size] from features [B, L', F]."""
        values = self._unmerge(self.linear(features))  # [B, N, C' * patch]
        batch, channels = len(values), self.output.channels
        if len(self.layout) == 1:
            values = values.view(batch, *self.layout, channels, *self.patch)
            field = values.permute(0, 2, 1, 3).flatten(2)
        else:
            values = values.view(batch, *self.layout, channels, *self.patch)
            field = values.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
        return resize(field, self.output.size)

    def _unmerge(self, values: Tensor) -> Tensor:
        """Split merged tokens: [B, L', merged^2 * Q] to [B, N, Q] in raster order."""
        if self.merged == 1:
            return values
        assert self.grid is not None  # only image backbones merge tokens
        rows, columns = (n // self.merged for n in self.grid)
        values = values.view(len(values), rows, columns, self.merged, self.merged, -1)
        return values.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(1, 3)


class NetSpec(Spec):
    """Description of a `CrossModalNet`: everything but its weights and its backbone.

    Attributes:
        source_size: Size of the source's masks; () where each of its samples has one class.
    """

    embedder: str
    embedder_options: dict[str, Any]
    source_classes: int
    source_size: tuple[int, ...] = ()


class CrossModalNet(Net):
    """Target embedder f_t, frozen source embedder f_s, gate, backbone g, predictors h_t and h_s.

    B samples, L tokens of width D, features of width F. The source embedder is the backbone's own
    embedding. Predictors are pooled for one vector per sample, dense for a field or a mask.

    Attributes:
        embedder: f_t, standardised input [B, C, ...] to tokens [B, L, D].
        gate: Tokens [B, L, D] to scores [B, L] in (0, 1).
        target_predictor: Features [B, L', F] to outputs [B, C', *size] in standardised units; h_t is
            `predict_target`, which scales them back.
        source_predictor: h_s, features [B, L', F] to source class logits [B, S], or [B, S, h, w] for masks.
    """

    spec: NetSpec
    spec_type = NetSpec
    part_names = ("embedder", "gate", "backbone", "predictor", "source_predictor")
    separate = ("backbone",)

    def __init__(self, backbone: Backbone, spec: NetSpec) -> None:
        super().__init__(spec)
        self.backbone = backbone
        self.embedder = embedders[spec.embedder](backbone, spec.input_shape, **spec.embedder_options)
        self.gate = Gate(backbone.width, 1)
        target = Output(spec.output_channels, spec.output_size)
        source = Output(spec.source_classes, spec.source_size)
        self.target_predictor: nn.Module = (
            DensePredictor(backbone, self.embedder.layout, target)
            if target.size
            else PooledPredictor(backbone.feature_width, target.channels)
        )
        self.source_predictor: nn.Module = (
            DensePredictor(backbone, backbone.grid or (), source)
            if source.size
            else PooledPredictor(backbone.feature_width, source.channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Predict targets [B, C', *size] of samples [B, C, L] or [B, C, H, W]."""
        return self.predict_target(self.encode(self.embed_target(x)))

    def embed_target(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, L] or [B, C, H, W] as tokens [B, L, D] (f_t)."""
        tokens: Tensor = self.embedder(self.standardise(x))
        return tokens

    @torch.no_grad()
    def embed_source(self, samples: Any) -> Tensor:
        """Embed raw source samples (pictures [B, 3, h, w], or B texts) as tokens [B, L, D] (f_s).

        The tokens never carry a gradient.
        """
        inputs = self.backbone.prepare(samples, math.prod(self.embedder.layout))
        return self.backbone.embed(inputs.to(self.x_mean.device))

    def encode(self, tokens: Tensor) -> Tensor:
        """Encode tokens [B, L, D] as features [B, L', F], without the backbone's prefix (g)."""
        return self.backbone.encode(tokens)[:, self.backbone.prefix :]

    def predict_target(self, features: Tensor) -> Tensor:
        """Predict targets [B, C', *size] from features [B, L', F] (h_t)."""
        return self.scale_back(self.target_predictor(features))

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return the parameters of each part that can learn, by the part's name."""
        return {
            "embedder": list(self.embedder.parameters()),
            "gate": list(self.gate.parameters()),
            "backbone": [parameter for _, parameter in self.backbone.named_encoder_parameters()],
            "predictor": list(self.target_predictor.parameters()),
            "source_predictor": list(self.source_predictor.parameters()),
        }

    def start_afresh(self, seed: int) -> None:
        """Forget the pretraining: redraw the backbone's weights, and start the embedder from them."""
        self.backbone.reset(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "embedder"))
            fresh = embedders[self.spec.embedder](
                self.backbone, self.spec.input_shape, **self.spec.embedder_options
            )
        self.embedder = fresh.to(self.x_mean.device)

    @classmethod
    def from_spec(cls, spec: NetSpec, folder: Path) -> Self:
        """Build the net of a spec around the backbone in `folder`."""
        return cls(load_backbone(str(folder / "backbone")), spec)


def load_net(folder: str | Path, *others: type[Net]) -> Net:
    """Load a trained network: a `CrossModalNet`, or one of the `others`.

    Args:
        folder: Folder that the net's `save_pretrained` wrote.
        others: Further classes of nets; that one is loaded whose spec has the fields in `net.json`.

    Raises:
        InputError: If the folder holds no net, or a damaged or foreign one.
    """
    folder = Path(folder)
    try:
        values = json.loads((folder / SPEC).read_text(encoding="utf-8"))
        found = set(values) - set(Spec.model_fields)
    except (OSError, ValueError, TypeError):
        found = set()  # from_pretrained reports what is wrong
    for kind in others:
        if found and found <= set(kind.spec_type.model_fields):
            return kind.from_pretrained(folder)
    return CrossModalNet.from_pretrained(folder)
