"""The network that crosses from one modality to another."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from isthmus.backbones import Backbone, load_backbone
from isthmus.errors import InputError
from isthmus.files import make_folder, whole_file, write_text
from isthmus.model.embedders import embedders
from isthmus.model.gate import Gate
from isthmus.model.predictors import PooledPredictor, target_predictor
from isthmus.seeding import derive_seed
from isthmus.tasks import Output, Task


class NetSpec(BaseModel):
    """What a net is made for: everything but its weights and its backbone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    kind: str
    input_shape: tuple[int, ...]
    output_channels: int
    output_size: tuple[int, ...]
    classes: tuple[str | int, ...]
    embedder: str
    embedder_options: dict[str, Any]
    source_classes: int

    @property
    def output(self) -> Output:
        """Channels and size of the output."""
        return Output(self.output_channels, self.output_size)


class CrossModalNet(nn.Module):
    """Target embedder f_t, frozen source embedder f_s, gate, backbone g, predictors h_t and h_s.

    B samples, L tokens of width D, features of width F. The source embedder is the backbone's own
    embedding. Input is standardised and output scaled back inside, by statistics of the training
    data, so that the net takes and gives the user's units.
    """

    x_mean: Tensor
    x_std: Tensor
    y_mean: Tensor
    y_std: Tensor

    def __init__(self, backbone: Backbone, spec: NetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.backbone = backbone
        self.embedder = embedders[spec.embedder](backbone, spec.input_shape, **spec.embedder_options)
        self.gate = Gate(backbone.width)
        self.target_predictor = target_predictor(backbone, self.embedder.layout, spec.output)
        self.source_predictor = PooledPredictor(backbone.feature_width, spec.source_classes)
        for name, channels in (("x", spec.input_shape[0]), ("y", spec.output_channels)):
            self.register_buffer(f"{name}_mean", torch.zeros(channels))
            self.register_buffer(f"{name}_std", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """The target path: [B, C, L] or [B, C, H, W] -> [B, C', *size]."""
        return self.predict_target(self.encode(self.embed_target(x)))

    def embed_target(self, x: Tensor) -> Tensor:
        """f_t: [B, C, L] or [B, C, H, W] -> [B, L, D]"""
        tokens: Tensor = self.embedder(self.standardise(x))
        return tokens

    def standardise(self, x: Tensor) -> Tensor:
        """Every channel to the mean 0 and standard deviation 1 that it has in the training data."""
        return (x - _channels(self.x_mean, x)) / _channels(self.x_std, x)

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
        output = self.target_predictor(features)
        return output * _channels(self.y_std, output) + _channels(self.y_mean, output)

    def predict_source(self, features: Tensor) -> Tensor:
        """h_s: [B, L', F] -> source class logits [B, S]"""
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

    def save_pretrained(self, folder: str | Path) -> None:
        """Write `net.json`, `net.safetensors` and the backbone (a Hugging Face folder) to `folder`."""
        folder = make_folder(Path(folder))
        self.backbone.save_pretrained(folder / "backbone")
        own = {k: v.contiguous() for k, v in self.state_dict().items() if not k.startswith("backbone.")}
        with whole_file(folder / "net.safetensors") as beside:
            save_file(own, beside)
        write_text(folder / "net.json", self.spec.model_dump_json(indent=2) + "\n")

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "CrossModalNet":
        """Load what `save_pretrained` wrote, in evaluation mode; no source is needed.

        Raises:
            InputError: if the folder holds no net, or a damaged or foreign one.
        """
        folder = Path(folder)
        for file in ("net.json", "net.safetensors"):
            if not (folder / file).is_file():
                raise InputError(f"'{folder}' holds no isthmus net: {file} is missing")
        try:
            spec = NetSpec.model_validate_json((folder / "net.json").read_text())
            own = load_file(folder / "net.safetensors")
        except (ValidationError, SafetensorError, UnicodeDecodeError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"the net in '{folder}' is damaged or not an isthmus net: {reason}") from None
        net = cls(load_backbone(str(folder / "backbone")), spec)
        try:
            missing, foreign = net.load_state_dict(own, strict=False)
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            raise InputError(f"the weights in '{folder}' do not fit its net.json: {reason}") from None
        missing = [name for name in missing if not name.startswith("backbone.")]
        if missing or foreign:
            raise InputError(
                f"the weights in '{folder}' do not fit its net.json: {(missing + foreign)[0]}"
                f" is {'missing' if missing else 'foreign'}"
            )
        return net.eval()


def _channels(values: Tensor, like: Tensor) -> Tensor:
    """[C] -> [C, 1...], to broadcast over the positions of [B, C, ...]."""
    return values.view(-1, *[1] * (like.dim() - 2))
