"""What a backbone is: a pretrained encoder that speaks tokens."""

import copy
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from isthmus.backbones.hf_logging import silence_hugging_face
from isthmus.backbones.projection import Projection
from isthmus.errors import InputError
from isthmus.files import atomic_write, make_folder
from isthmus.registry import Registry
from isthmus.seeding import derive_seed

DEFAULT_SOURCES = {"image": "procedural", "text": "stdlib-text"}
PREFIX_TOKENS = ("cls_token", "distillation_token")


class Backbone(nn.Module, ABC):
    """A Hugging Face encoder as two maps: `embed`, its own input to tokens, and `encode`, tokens to features.

    `encode(embed(x))` is the Hugging Face model's `last_hidden_state`. The parameters of `embed` are
    frozen (it is the source embedder f_s); those of `encode` learn. Poolers and heads are not there, so that
    every parameter that learns gets a gradient. It starts in evaluation mode, as Hugging Face
    models do: dropout and stochastic depth stay off in the encoder until `train()` is called, and always
    in `embed`.

    A family of models is one file: a subclass, registered in `families` under its Hugging Face `model_type`.

    Args:
        model: the Hugging Face model, without pooler and heads.
        name: what the user called it.
        folder: where to read what prepares its input (pixel statistics, tokenizer); None for the default.

    Raises:
        InputError: if the model, or what is in the folder, cannot be used as a backbone.

    Attributes:
        family: the Hugging Face `model_type`.
        modality: "image" or "text".
        config: the Hugging Face configuration.
        width: D, of the tokens that enter the encoder.
        feature_width: F, of the features that leave it.
        max_tokens: L at most (Swin: exactly).
        grid: rows and columns of the tokens of an image; None for text.
        feature_grid: rows and columns of the features of an image; None for text.
        prefix: P, how many features come before those of the tokens (CLS, distillation).
        learning_rate: recommended for fine-tuning.
    """

    family: ClassVar[str]
    modality: ClassVar[str]
    model_class: ClassVar[Any]
    """The Hugging Face class"""
    model_options: ClassVar[dict[str, Any]] = {"add_pooling_layer": False}
    """Keywords that leave out what is never used"""

    width: int
    feature_width: int
    max_tokens: int
    grid: tuple[int, int] | None = None
    feature_grid: tuple[int, int] | None = None
    prefix: int = 0
    learning_rate: float = 1e-4

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__()
        self.model: Any = model
        embeddings: Any = model.embeddings
        embeddings.dropout = nn.Identity()  # f_s is a fixed map
        self.name = name
        for parameter in self.embedding_parameters():
            parameter.requires_grad_(False)
        self.eval()

    @abstractmethod
    def embed(self, inputs: Tensor) -> Tensor:
        """f_s, the backbone's own embedding: what `prepare` gives -> tokens [B, L, D].

        Images: pixels [B, 3, H, W] at native size, normalised; texts: token ids [B, L].
        """

    @abstractmethod
    def encode(self, tokens: Tensor) -> Tensor:
        """g: tokens [B, L, D] -> features [B, P + L', F], final layer norm included.

        Raises:
            InputError: if the encoder cannot take L tokens.
        """

    @abstractmethod
    def prepare(self, samples: Any, length: int) -> Tensor:
        """Raw samples to what `embed` takes, on the backbone's device.

        Args:
            samples: pictures [B, 3, h, w], uint8 or float in [0, 1]; or B texts.
            length: tokens wanted of a text; images always give `max_tokens`.

        Raises:
            InputError: if the samples are of another kind.
        """

    @abstractmethod
    def patch_projection(self) -> Projection:
        """How `embed` makes tokens: what a target embedder starts from."""

    @abstractmethod
    def save_preparation(self, folder: Path) -> None:
        """Write what `prepare` needs, beside the weights."""

    @property
    def config(self) -> PreTrainedConfig:
        """The Hugging Face configuration."""
        config: PreTrainedConfig = self.model.config
        return config

    @property
    def default_source(self) -> str:
        """The source proxy of the backbone's modality."""
        return DEFAULT_SOURCES[self.modality]

    @property
    def reduction(self) -> int:
        """How many tokens in a row become one feature: 8 for Swin-tiny, 1 for ViT and text."""
        if self.grid is None or self.feature_grid is None:
            return 1
        return self.grid[0] // self.feature_grid[0]

    def feature_map(self, features: Tensor) -> Tensor:
        """Features without the prefix: [B, P + L', F] -> [B, L', F]"""
        return features[:, self.prefix :]

    def pool(self, features: Tensor) -> Tensor:
        """Mean over the tokens, without the prefix: [B, P + L', F] -> [B, F].

        Swin's own pooling and what MiniLM was trained with. For ViT, DeiT and DINOv2, whose heads read the
        CLS token, it is the usual choice where tokens are not all patches of one image.
        """
        return self.feature_map(features).mean(1)

    def named_embedding_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters of `embed`, frozen from the start, by their names in the backbone."""
        return ((name, p) for name, p in self.named_parameters() if _embeds(name))

    def named_encoder_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters of `encode`, CLS token included, by their names in the backbone."""
        return ((name, p) for name, p in self.named_parameters() if not _embeds(name))

    def embedding_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters of `embed`, frozen from the start."""
        return (p for _, p in self.named_embedding_parameters())

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters of `encode`, CLS token included."""
        return (p for _, p in self.named_encoder_parameters())

    def attention_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Those of the encoder's parameters that make up its attention, norms left out, by their names."""
        norms = [module for module in self.modules() if isinstance(module, nn.LayerNorm)]
        of_norms = {id(p) for norm in norms for p in norm.parameters()}
        return (
            (name, p)
            for name, p in self.named_encoder_parameters()
            if "attention" in name.split(".") and id(p) not in of_norms
        )

    @classmethod
    def new_model(cls, config: PreTrainedConfig, seed: int) -> PreTrainedModel:
        """A Hugging Face model with the random weights that its authors start from."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(seed, "backbone"))
            model: PreTrainedModel = cls.model_class(copy.deepcopy(config), **cls.model_options)
        return model

    def reset(self, seed: int) -> None:
        """Draw all weights anew, in place, from the seed alone; what is frozen stays frozen."""
        self.model.load_state_dict(self.new_model(self.config, seed).state_dict())

    def save_pretrained(self, folder: str | Path, dtype: torch.dtype | None = None) -> None:
        """Write a Hugging Face folder that `load_backbone` reads back, bitwise equal.

        Every file is written whole or not at all, and `config.json` last: a folder that has one is complete.

        Args:
            folder: made if it is not there; other files in it are left alone.
            dtype: of the written weights; None for what they are. They are always read as float32.

        Raises:
            InputError: if the folder cannot be written to.
        """
        folder = make_folder(Path(folder))
        weights = {k: v.to(dtype or v.dtype) for k, v in self.model.state_dict().items()}
        with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as beside:
            with silence_hugging_face():
                self.model.save_pretrained(beside, state_dict=weights)
            self.save_preparation(Path(beside))
            for file in sorted(Path(beside).iterdir(), key=lambda file: file.name == "config.json"):
                with atomic_write(folder / file.name) as part:
                    os.replace(file, part)

    def check_length(self, length: int) -> None:
        """Raise InputError if the encoder cannot take so many tokens."""
        if length > self.max_tokens:
            raise InputError(f"'{self.name}' takes at most {self.max_tokens} tokens, not {length}")


def _embeds(name: str) -> bool:
    """Whether a parameter is part of `embed`; CLS and distillation tokens enter in `encode`."""
    return name.startswith("model.embeddings.") and not name.endswith(PREFIX_TOKENS)


families: Registry[type[Backbone]] = Registry("model type", "isthmus.backbones")
