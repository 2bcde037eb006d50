"""The BERT family: transformers over words. MiniLM is a BERT."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoTokenizer, BertModel, PreTrainedModel, PreTrainedTokenizerBase, RobertaModel

from isthmus.backbones.backbone import Backbone, families, quarters, silence_hugging_face
from isthmus.backbones.projection import Projection
from isthmus.backbones.registry import DEFAULT_SOURCES
from isthmus.errors import InputError

TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json")


@families.register("bert")
class BertBackbone(Backbone):
    """BERT (Devlin et al., NAACL 2019), and MiniLM, which is a BERT. Every token attends to every other.

    Attributes:
        tokenizer: Tokenizer from texts to token ids; None for a backbone made without one.
        first_position: Row of the position embeddings that token 0 gets.
    """

    family = "bert"
    references = (
        "J. Devlin, M.-W. Chang, K. Lee, K. Toutanova (2019), BERT: pre-training of deep "
        "bidirectional transformers for language understanding, NAACL",
    )
    modality = "text"
    default_source = DEFAULT_SOURCES["text"]
    model_class: ClassVar[Any] = BertModel
    tokenizer: PreTrainedTokenizerBase | None

    def __init__(self, model: PreTrainedModel, name: str, folder: Path | None = None) -> None:
        super().__init__(model, name, folder)
        config: Any = self.config
        if config.is_decoder:
            raise InputError(
                f"'{name}' is a decoder (is_decoder in its config.json); an encoder is needed", key=name
            )
        self.width = self.feature_width = config.hidden_size
        self.first_position = self.first_row(config)
        self.max_tokens = config.max_position_embeddings - self.first_position
        self.stage_widths = (self.width,) * len(self.stage_ends())
        self.tokenizer = _read_tokenizer(folder)

    @staticmethod
    def first_row(config: Any) -> int:
        """Return the row of the position embeddings that the first token gets."""
        return 0

    def embed(self, inputs: Tensor) -> Tensor:
        """Embed token ids [B, L] as tokens [B, L, D]: norm(word + position + type 0)."""
        self.check_length(inputs.shape[1])
        tokens: Tensor = self.model.embeddings(input_ids=inputs)
        return tokens

    def stage_ends(self) -> list[nn.Module]:
        """Return the last layer of each quarter of the layers."""
        return quarters(self.blocks())

    def blocks(self) -> list[nn.Module]:
        """Return the transformer blocks."""
        return list(self.model.encoder.layer)

    def encode(self, tokens: Tensor) -> Tensor:
        """Encode tokens [B, L, D], L <= max_tokens, as features [B, L, F]."""
        self.check_length(tokens.shape[1])
        features: Tensor = self.model.encoder(tokens, attention_mask=None).last_hidden_state
        return features

    def prepare(self, samples: Any, length: int) -> Tensor:
        """Cut each text into exactly `length` token ids, none of them special: [B, length].

        A longer text is cut off; a shorter one starts again from its first word, so that every token is real.

        Raises:
            InputError: If there is no tokenizer, the samples are not texts, or one has no words.
        """
        tokenizer = self.checked_tokenizer()
        self.check_length(length)
        texts = [samples] if isinstance(samples, str) else list(samples)
        if not all(isinstance(text, str) for text in texts):
            raise InputError(f"'{self.name}' reads texts, and these are not", key="samples")
        words = [str(text) for text in texts]  # numpy's strings too
        return token_ids(tokenizer, words, length).to(self.model.device)

    def checked_tokenizer(self) -> PreTrainedTokenizerBase:
        """Return the tokenizer; raise InputError if there is none."""
        if self.tokenizer is None:
            raise InputError(
                f"'{self.name}' reads texts, but its folder holds no tokenizer", kind="file", key=self.name
            )
        return self.tokenizer

    def word_vectors(self) -> Tensor:
        """Return the vector [D] of each token id, [V, D]."""
        vectors: Tensor = self.model.embeddings.word_embeddings.weight.detach()
        return vectors

    def patch_projection(self) -> Projection:
        """Return norm(x + positions); positions include token type 0, and words need no convolution."""
        embeddings = self.model.embeddings
        positions = embeddings.position_embeddings.weight.detach()[self.first_position :]
        return Projection(
            positions=positions + embeddings.token_type_embeddings.weight.detach()[0],
            norm=embeddings.LayerNorm,
        )

    def save_preparation(self, folder: Path) -> None:
        """Write the tokenizer to a folder, if there is one."""
        if self.tokenizer is not None:
            with silence_hugging_face():
                self.tokenizer.save_pretrained(folder)


@families.register("roberta")
class RobertaBackbone(BertBackbone):
    """RoBERTa (Liu et al., 2019): positions count from the one after the padding token's."""

    family = "roberta"
    references = (
        "Y. Liu et al. (2019), RoBERTa: a robustly optimized BERT pretraining approach, arXiv:1907.11692",
    )
    model_class: ClassVar[Any] = RobertaModel

    @staticmethod
    def first_row(config: Any) -> int:
        """Return the row after the padding token's: the rows up to it are never used."""
        return int(config.pad_token_id) + 1


def split_texts(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> list[list[int]]:
    """Split texts into token ids, none of them special.

    Raises:
        InputError: If a text has no words.
    """
    rows: list[list[int]] = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    for row, text in zip(rows, texts, strict=True):
        if not row:
            raise InputError(f"the text {text[:40]!r} has no words", key="samples")
    return rows


def token_ids(tokenizer: PreTrainedTokenizerBase, texts: list[str], length: int) -> Tensor:
    """Cut texts into exactly `length` token ids, [B, length]: longer ones end, shorter ones start again.

    Raises:
        InputError: If a text has no words.
    """
    return torch.from_numpy(np.stack([np.resize(row, length) for row in split_texts(tokenizer, texts)]))


def _read_tokenizer(folder: Path | None) -> PreTrainedTokenizerBase | None:
    """Read the tokenizer of a folder that has one, from local files and into known classes only."""
    if folder is None or not any((folder / name).exists() for name in TOKENIZER_FILES):
        return None
    try:
        with silence_hugging_face():
            tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # whatever a damaged file makes of a third-party parser
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"the tokenizer in '{folder}' cannot be read: {reason}", kind="file", key=folder
        ) from None
    return tokenizer
