"""The network that crosses from one modality to another: embedder, gate, backbone and predictors."""

import json
import math
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from isthmus.backbones import Backbone, load_backbone
from isthmus.errors import InputError
from isthmus.files import check_path
from isthmus.model.base import SPEC, Net, Spec
from isthmus.model.embedders.registry import embedders
from isthmus.model.predictors import Features, Predictor, ViewsPredictor, readouts
from isthmus.precision import single_precision
from isthmus.seeding import derive_seed
from isthmus.tasks import Output, problem_types


class Gate(nn.Linear):
    """One fully connected layer and a sigmoid (PaRe, section 3.2), shared by source and target."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Score tokens [B, L, D] by how useful they are: [B, L] in (0, 1)."""
        return super().forward(tokens).squeeze(-1).sigmoid()


class NetSpec(Spec):
    """Description of a `CrossModalNet`: everything but its weights and its backbone.

    Attributes:
        source_size: Size of the source's masks; () where each of its samples has one class.
        readout: Name in `readouts`: which features the predictors read.
    """

    embedder: str
    embedder_options: dict[str, Any]
    source_classes: int
    source_size: tuple[int, ...] = ()
    readout: str = "last"


class CrossModalNet(Net):
    """Target embedder f_t, frozen source embedder f_s, gate, backbone g, predictors h_t and h_s.

    B samples, L tokens of width D, features of width F. The source embedder is the backbone's own
    embedding. Predictors are pooled for one vector per sample, dense for a field or a mask; both read the
    features that the readout names. Where the embedder shows several views of a sample, the net's output is
    their average.

    Attributes:
        embedder: f_t, standardised input [B, C, ...] to tokens [B, L, D].
        gate: Tokens [B, L, D] to scores [B, L] in (0, 1).
        readout: Which features the predictors read.
        target_predictor: Features to outputs [B, C', *size] in standardised units; h_t is
            `predict_target`, which scales them back.
        source_predictor: h_s, features to source class logits [B, S], or [B, S, h, w] for masks.
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
        self.readout = readouts[spec.readout]
        heads = [
            self.readout.predictor(backbone, self.embedder.layout, target) for _ in range(self.embedder.views)
        ]
        self.target_predictor: nn.Module = ViewsPredictor(heads) if len(heads) > 1 else heads[0]
        self.source_predictor = self.readout.predictor(backbone, backbone.grid or (), source)

    def forward(self, x: Tensor) -> Tensor:
        """Predict targets [B, C', *size] of samples [B, C, L] or [B, C, H, W]."""
        views = self.embedder.views
        if views == 1:
            return self.predict_target(self.encode(self.embed_target(x)))
        outputs = self.predict_target(self.encode(self.embed_target(x.repeat_interleave(views, 0))))
        return problem_types[self.spec.kind]().average(outputs.view(-1, views, *outputs.shape[1:]))

    def embed_target(self, x: Tensor) -> Tensor:
        """Embed samples [B, C, L] or [B, C, H, W] as tokens [B, L, D] (f_t).

        Of an embedder with V views, sample i is seen in view i mod V.
        """
        tokens: Tensor = self.embedder(x if self.embedder.reads_units else self.standardise(x))
        return tokens

    @torch.no_grad()
    def embed_source(self, samples: Any) -> Tensor:
        """Embed raw source samples (pictures [B, 3, h, w], or B texts) as tokens [B, L, D] (f_s).

        The tokens never carry a gradient.
        """
        inputs = self.backbone.prepare(samples, math.prod(self.embedder.layout))
        return self.backbone.embed(inputs.to(self.x_mean.device))

    def encode(self, tokens: Tensor) -> Features:
        """Encode tokens [B, L, D] as the features [B, L_i, F_i] that the readout names (g)."""
        return self.readout.encode(self.backbone, tokens)

    def predict_target(self, features: Features) -> Tensor:
        """Predict targets [B, C', *size] from features (h_t)."""
        return self.scale_back(self.target_predictor(features))

    def heads(self) -> list[Predictor]:
        """Return the predictor of each view."""
        predictor = self.target_predictor
        members = predictor.members if isinstance(predictor, ViewsPredictor) else [predictor]
        return [head for head in members if isinstance(head, Predictor)]

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return the parameters of each part that can learn, by the part's name."""
        return {
            "embedder": list(self.embedder.parameters()),
            "gate": list(self.gate.parameters()),
            "backbone": [parameter for _, parameter in self.backbone.named_encoder_parameters()],
            "predictor": list(self.target_predictor.parameters()),
            "source_predictor": list(self.source_predictor.parameters()),
        }

    def blocks(self) -> list[nn.Module]:
        """Return the blocks of the backbone."""
        return self.backbone.blocks()

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


@single_precision()
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
        check_path(folder / SPEC)
        values = json.loads((folder / SPEC).read_text(encoding="utf-8"))
        found = set(values) - set(Spec.model_fields)
    except (InputError, OSError, ValueError, TypeError):
        found = set()  # from_pretrained reports what is wrong
    for kind in others:
        if found and found <= set(kind.spec_type.model_fields):
            return kind.from_pretrained(folder)
    return CrossModalNet.from_pretrained(folder)
