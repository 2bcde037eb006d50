"""The network that crosses from one modality to another."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from isthmus.backbones import Backbone, load_backbone
from isthmus.model.base import Net, Spec, fill_net, read_net, write_net
from isthmus.model.embedders import embedders
from isthmus.model.gate import Gate
from isthmus.model.predictors import predictor
from isthmus.seeding import derive_seed
from isthmus.tasks import Output


class NetSpec(Spec):
    """What a net is made for: everything but its weights and its backbone."""

    embedder: str
    embedder_options: dict[str, Any]
    source_classes: int
    source_size: tuple[int, ...] = ()
    """of the source's masks; () where each of its samples has one class"""


class CrossModalNet(Net):
    """Target embedder f_t, frozen source embedder f_s, gate, backbone g, predictors h_t and h_s.

    B samples, L tokens of width D, features of width F. The source embedder is the backbone's own
    embedding.
    """

    spec: NetSpec
    part_names = ("embedder", "gate", "backbone", "predictor", "source_predictor")

    def __init__(self, backbone: Backbone, spec: NetSpec) -> None:
        super().__init__(spec)
        self.spec = spec
        self.backbone = backbone
        self.embedder = embedders[spec.embedder](backbone, spec.input_shape, **spec.embedder_options)
        self.gate = Gate(backbone.width)
        self.target_predictor = predictor(backbone, self.embedder.layout, spec.output)
        source_output = Output(spec.source_classes, spec.source_size)
        self.source_predictor = predictor(backbone, backbone.grid or (), source_output)

    def forward(self, x: Tensor) -> Tensor:
        """The target path: [B, C, L] or [B, C, H, W] -> [B, C', *size]."""
        return self.predict_target(self.encode(self.embed_target(x)))

    def embed_target(self, x: Tensor) -> Tensor:
        """f_t: [B, C, L] or [B, C, H, W] -> [B, L, D]"""
        tokens: Tensor = self.embedder(self.standardise(x))
        return tokens

    @torch.no_grad()
    def embed_source(self, samples: Any) -> Tensor:
        """f_s: raw source samples (pictures [B, 3, h, w], or B texts) -> [B, L, D], never a gradient."""
        inputs = self.backbone.prepare(samples, self.embedder.tokens)
        return self.backbone.embed(inputs.to(self.x_mean.device))

    def score(self, tokens: Tensor) -> Tensor:
        """The gate: [B, L, D] -> [B, L] in (0, 1)"""
        scores: Tensor = self.gate(tokens)
        return scores

    def encode(self, tokens: Tensor) -> Tensor:
        """g: [B, L, D] -> [B, L', F]"""
        return self.backbone.feature_map(self.backbone.encode(tokens))

    def predict_target(self, features: Tensor) -> Tensor:
        """h_t: [B, L', F] -> [B, C', *size]"""
        return self.scale_back(self.target_predictor(features))

    def predict_source(self, features: Tensor) -> Tensor:
        """h_s: [B, L', F] -> source class logits [B, S], or [B, S, h, w] for masks"""
        logits: Tensor = self.source_predictor(features)
        return logits

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The parameters of each part that can learn, by the part's name."""
        return {
            "embedder": list(self.embedder.parameters()),
            "gate": list(self.gate.parameters()),
            "backbone": list(self.backbone.encoder_parameters()),
            "predictor": list(self.target_predictor.parameters()),
            "source_predictor": list(self.source_predictor.parameters()),
        }

    def start_afresh(self, seed: int) -> None:
        """Forget the pretraining: draw the weights of the backbone anew, and start the embedder from them."""
        self.backbone.reset(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "embedder"))
            fresh = embedders[self.spec.embedder](
                self.backbone, self.spec.input_shape, **self.spec.embedder_options
            )
        self.embedder = fresh.to(self.x_mean.device)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write `net.json`, `net.safetensors` and the backbone (a Hugging Face folder) to `folder`."""
        self.backbone.save_pretrained(Path(folder) / "backbone")
        own = {name: value for name, value in self.state_dict().items() if not name.startswith("backbone.")}
        write_net(Path(folder), self.spec, own)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "CrossModalNet":
        """Load what `save_pretrained` wrote, in evaluation mode; no source is needed.

        Raises:
            InputError: if the folder holds no net, or a damaged or foreign one.
        """
        folder = Path(folder)
        spec, own = read_net(folder, NetSpec)
        net = cls(load_backbone(str(folder / "backbone")), spec)
        fill_net(net, own, folder, elsewhere="backbone.")
        return net.eval()
