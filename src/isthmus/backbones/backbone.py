"""What a backbone is: a pretrained encoder as two maps, its input to tokens and tokens to features."""

import copy
import hashlib
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import torch
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.utils import logging

from isthmus.backbones.projection import Projection
from isthmus.backbones.registry import LEARNING_RATE
from isthmus.errors import InputError
from isthmus.files import SAVING, atomic_write, make_folder, told_when_full
from isthmus.precision import single_precision
from isthmus.registry import LazyRegistry
from isthmus.seeding import derive_seed

DENSE_SOURCES = {"image": "procedural-masks"}
"""Default sources for targets that have positions: their labels have them too, as published."""

PREFIX_TOKENS = ("cls_token", "distillation_token")
PROJECTIONS = {"query": {"query", "q_proj"}, "key": {"key", "k_proj"}, "value": {"value", "v_proj"}}
"""Names of the projections of attention in Hugging Face's encoders."""


class Backbone(nn.Module, ABC):
    """A Hugging Face encoder as two maps: `embed`, its own input to tokens, and `encode`, tokens to features.

    `encode(embed(x))` is the Hugging Face model's `last_hidden_state`. The parameters of `embed` are
    frozen (it is the source embedder f_s); those of `encode` learn. Poolers and heads are left out, so that
    every parameter that learns gets a gradient. A backbone starts in evaluation mode, as Hugging Face
    models do: dropout and stochastic depth stay off in the encoder until `train()` is called, and always
    in `embed`.

    A family of models is one file: a subclass, registered in `families` under its Hugging Face `model_type`.

    Args:
        model: Hugging Face model, without pooler and heads.
        name: Name that the user gave.
        folder: Folder with the files that prepare inputs (pixel statistics, tokenizer); None for defaults.

    Raises:
        InputError: If the model, or a file in the folder, cannot be used as a backbone.

    Attributes:
        family: Hugging Face `model_type`.
        modality: "image" or "text".
        default_source: Name of the source of that modality.
        config: Hugging Face configuration.
        width: Width D of the tokens that enter the encoder.
        feature_width: Width F of the features that leave it.
        max_tokens: Largest number of tokens L (Swin takes exactly as many).
        image_size: Height and width of the pictures that it reads; None for text.
        grid: Rows and columns of the tokens of an image; None for text.
        feature_grid: Rows and columns of the features of an image; None for text.
        prefix: Number P of features that come before those of the tokens (CLS, distillation).
        stage_widths: Width F_i of the features at the end of each stage.
        stage_grids: Rows and columns of these features of an image; None for text.
        learning_rate: Recommended learning rate for fine-tuning.
        lr_scale: Recommended factors on the learning rate, by part of the network.
        readout: Recommended readout: `last` or `stages`.
        any_size: Whether the family takes pictures of other sizes than the configuration's.
        references: Papers to cite for the family.
    """

    family: ClassVar[str]
    modality: ClassVar[str]
    default_source: ClassVar[str]
    model_class: ClassVar[Any]
    """Class of the Hugging Face model."""
    model_options: ClassVar[dict[str, Any]] = {"add_pooling_layer": False}
    """Keywords of that class that leave out unused parts."""

    width: int
    feature_width: int
    max_tokens: int
    image_size: tuple[int, int] | None = None
    grid: tuple[int, int] | None = None
    feature_grid: tuple[int, int] | None = None
    prefix: int = 0
    stage_widths: tuple[int, ...]
    stage_grids: tuple[tuple[int, int], ...] | None = None
    learning_rate: float = LEARNING_RATE
    lr_scale: Mapping[str, float] = MappingProxyType({})
    readout: str = "last"
    any_size: ClassVar[bool] = False
    references: ClassVar[tuple[str, ...]] = ()
    pools_by_mean: ClassVar[bool] = False
    """Whether the family's own classifier reads the mean of `encode`'s features"""
    embedding_name: ClassVar[str] = "embeddings"
    """Name of the Hugging Face model's part that embeds."""
    norm_classes: ClassVar[tuple[type[nn.Module], ...]] = (nn.LayerNorm,)
    """Classes of the layers whose scale and shift `norm_parameters` gives."""

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__()
        self.model: Any = model
        self.config: PreTrainedConfig = model.config
        embeddings: Any = self.embeddings()
        if hasattr(embeddings, "dropout"):
            embeddings.dropout = nn.Identity()  # f_s is a fixed map
        self.name = name
        for _, parameter in self.named_embedding_parameters():
            parameter.requires_grad_(False)
        self.eval()

    @abstractmethod
    def embed(self, inputs: Tensor) -> Tensor:
        """Embed prepared inputs as tokens [B, L, D] with the backbone's own embedding, f_s.

        Args:
            inputs: Normalised pixels [B, 3, H, W] at native size, or token ids [B, L] of texts.
        """

    @abstractmethod
    def encode(self, tokens: Tensor) -> Tensor:
        """Encode tokens [B, L, D] as features [B, P + L', F], final layer norm included (g).

        Raises:
            InputError: If the encoder cannot take L tokens.
        """

    @abstractmethod
    def prepare(self, samples: Any, length: int) -> Tensor:
        """Turn raw samples into the input of `embed`, on the backbone's device.

        Args:
            samples: Pictures [B, 3, h, w], uint8 or float in [0, 1]; or B texts.
            length: Number of tokens of a text; images always give `max_tokens`.

        Raises:
            InputError: If the samples are of another kind.
        """

    @abstractmethod
    def patch_projection(self) -> Projection:
        """Return the parts of the backbone's embedding, from which a target embedder starts."""

    @abstractmethod
    def save_preparation(self, folder: Path) -> None:
        """Write the files that `prepare` needs to a folder."""

    def embeddings(self) -> nn.Module:
        """Return the Hugging Face model's part that embeds."""
        found: nn.Module = self.model.get_submodule(self.embedding_name)
        return found

    @abstractmethod
    def blocks(self) -> list[nn.Module]:
        """Return the modules that `encode` calls one after the other and that hold most of its work."""

    def stage_ends(self) -> list[nn.Module]:
        """Return the module whose output ends each stage; the last one is only counted.

        A family whose `encode_stages` needs no such modules does not have it.
        """
        raise NotImplementedError

    def encode_stages(self, tokens: Tensor) -> list[Tensor]:
        """Encode tokens [B, L, D] as features [B, L_i, F_i] at the end of each stage, without the prefix.

        The last are those of `encode`.

        Raises:
            InputError: If the encoder cannot take L tokens.
        """
        stages: list[Tensor] = []

        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            stages.append(output[0] if isinstance(output, tuple) else output)

        hooks = [module.register_forward_hook(keep) for module in self.stage_ends()[:-1]]
        try:
            last = self.encode(tokens)
        finally:
            for hook in hooks:
                hook.remove()
        return [stage[:, self.prefix :] for stage in (*stages, last)]

    @property
    def reduction(self) -> int:
        """Number of tokens in a row that become one feature: 8 for Swin-tiny, 1 for ViT and text.

        Raises:
            InputError: If some features stand for fewer tokens than others.
        """
        if self.grid is None or self.feature_grid is None:
            return 1
        merged = self.grid[0] // self.feature_grid[0]
        if self.grid != (merged * self.feature_grid[0], merged * self.feature_grid[1]):
            raise InputError(
                f"'{self.name}' makes {self.feature_grid} features of {self.grid} tokens, no whole number"
                " each; give another image_size, such as a multiple of 32",
                kind="conflict",
                key="image_size",
            )
        return merged

    def pool(self, features: Tensor) -> Tensor:
        """Average features [B, P + L', F] over the tokens, without the prefix: [B, F].

        This is Swin's own pooling and the one MiniLM was trained with. For ViT, DeiT and DINOv2, whose heads
        read the CLS token, it is the usual choice where tokens are not all patches of one image.
        """
        return features[:, self.prefix :].mean(1)

    def named_embedding_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Iterate over names and parameters of `embed`, which start frozen."""
        for name, parameter in self.named_parameters():
            if name.startswith(f"model.{self.embedding_name}.") and not name.endswith(PREFIX_TOKENS):
                yield name, parameter

    def embedding_statistics(self) -> dict[str, Tensor]:
        """Return what `embed` depends on that no gradient changes, such as the statistics of a batch norm."""
        part = self.embeddings()
        parameters = dict(part.named_parameters())
        return {name: tensor for name, tensor in part.state_dict().items() if name not in parameters}

    def named_encoder_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Iterate over names and parameters of `encode`, which CLS and distillation tokens belong to."""
        embedding = dict(self.named_embedding_parameters())
        return ((name, p) for name, p in self.named_parameters() if name not in embedding)

    def attention_parameters(self) -> Iterator[nn.Parameter]:
        """Iterate over the parameters of the encoder's attention layers, without their norms.

        Raises:
            InputError: If the encoder has no attention.
        """
        in_norms = {id(parameter) for parameter in self.norm_parameters()}
        return (p for p in self._parameters_under({"attention"}) if id(p) not in in_norms)

    def attention_projections(self, which: Iterable[str]) -> Iterator[nn.Parameter]:
        """Iterate over weights and biases of the encoder's projections to queries, keys or values.

        Args:
            which: Names in `PROJECTIONS`.

        Raises:
            InputError: If the encoder has no attention, and some are asked for.
        """
        words = {word for name in which for word in PROJECTIONS[name]}
        return iter(self._parameters_under(words) if words else [])

    def norm_parameters(self) -> Iterator[nn.Parameter]:
        """Iterate over scale and shift of every norm of the encoder."""
        encoder = {id(parameter) for _, parameter in self.named_encoder_parameters()}
        norms = (module for module in self.modules() if isinstance(module, self.norm_classes))
        return (parameter for norm in norms for parameter in norm.parameters() if id(parameter) in encoder)

    def _parameters_under(self, words: set[str]) -> list[nn.Parameter]:
        """Return the encoder's parameters in modules of attention that have one of these names."""
        found = [p for name, p in self.named_encoder_parameters() if not words.isdisjoint(name.split("."))]
        if not found:
            raise InputError(
                f"'{self.name}' has no attention; choose a backbone with attention, such as swin-micro, or a"
                " method that does not need it",
                kind="conflict",
                key="backbone",
            )
        return found

    def stop_dropout(self) -> None:
        """End every dropout in the encoder, attention's too; stochastic depth, which skips layers, stays."""
        for module in self.modules():
            attention: Any = module
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            if hasattr(module, "attention_dropout"):  # image encoders keep a number and read it at every pass
                attention.attention_dropout = 0.0

    def fingerprint(self) -> str:
        """Hash everything that the tokens of a sample depend on.

        That is the embedding's weights and statistics, the configuration, and the files that prepare samples.
        """
        hashed = hashlib.sha256(self.config.to_json_string(use_diff=False).encode())
        for name, parameter in self.named_embedding_parameters():
            hashed.update(f"{name} {parameter.dtype} {tuple(parameter.shape)}".encode())
            hashed.update(parameter.detach().cpu().numpy().tobytes())
        for name, statistics in self.embedding_statistics().items():
            hashed.update(name.encode() + statistics.cpu().numpy().tobytes())
        with tempfile.TemporaryDirectory() as folder:
            self.save_preparation(Path(folder))
            for path in sorted(Path(folder).iterdir()):
                hashed.update(path.name.encode() + path.read_bytes())
        return hashed.hexdigest()

    @classmethod
    def new_model(cls, config: PreTrainedConfig, seed: int) -> PreTrainedModel:
        """Build a Hugging Face model with the random weights that its authors start from."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "backbone"))
            model: PreTrainedModel = cls.model_class(copy.deepcopy(config), **cls.model_options)
        return model

    def reset(self, seed: int) -> None:
        """Redraw all weights in place, from the seed alone; frozen parameters stay frozen."""
        self.model.load_state_dict(self.new_model(self.config, seed).state_dict())

    def save_pretrained(self, folder: str | Path, dtype: torch.dtype | None = None) -> None:
        """Write a Hugging Face folder that `load_backbone` reads back, bitwise equal.

        Every file is written whole or not at all, and `config.json` last: a folder that has one is complete.

        Args:
            folder: Folder, made if it does not exist; other files in it are left alone.
            dtype: Type of the written weights; None keeps theirs. They are always read as float32.

        Raises:
            InputError: If the folder cannot be written to.
        """
        folder = make_folder(Path(folder))
        weights = {
            name: tensor.to(dtype if dtype is not None and tensor.is_floating_point() else tensor.dtype)
            for name, tensor in self.model.state_dict().items()
        }
        with told_when_full(folder), tempfile.TemporaryDirectory(dir=folder, prefix=SAVING) as beside:
            with silence_hugging_face():
                self.model.save_pretrained(beside, state_dict=weights)
            self.save_preparation(Path(beside))
            for file in sorted(Path(beside).iterdir(), key=lambda file: file.name == "config.json"):
                with atomic_write(folder / file.name) as part:
                    os.replace(file, part)

    def check_length(self, length: int) -> None:
        """Raise InputError if the encoder cannot take so many tokens."""
        if length > self.max_tokens:
            raise InputError(
                f"'{self.name}' takes at most {self.max_tokens} tokens, not {length}", key="tokens"
            )


def quarters(layers: Sequence[nn.Module]) -> list[nn.Module]:
    """Return the last layer of each quarter of the layers; fewer than four layers make fewer."""
    ends = sorted({-(-len(layers) * part // 4) for part in (1, 2, 3, 4)})
    return [layers[end - 1] for end in ends if end]


families: LazyRegistry[type[Backbone]] = LazyRegistry("model type", "isthmus.backbones", variable="families")


@single_precision()
def new_backbone(config: PreTrainedConfig, seed: int, name: str = "new") -> Backbone:
    """Build a backbone with random weights; the global random state is left alone.

    Raises:
        InputError: If the configuration is of no known family, or cannot be a backbone.
    """
    family = families[config.model_type]
    return family(family.new_model(config, seed), name)


@contextmanager
def silence_hugging_face() -> Iterator[None]:
    """Turn off Hugging Face's progress bars and reports inside; the user's settings come back afterwards."""
    transformers_logging: Any = logging  # whose functions have no types
    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    hub_bars = not are_progress_bars_disabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()  # the hub's too
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()  # the hub's too
        if hub_bars:
            enable_progress_bars()
        else:
            disable_progress_bars()
