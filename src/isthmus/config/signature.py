"""Settings as keywords: of functions that take them, for editors and `help`."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, Literal, TypedDict

from isthmus.config.schema import SETTINGS, Projection


class Settings(TypedDict, total=False):
    """The keywords that `isthmus.fit` takes, for editors and type checkers; defaults stand in `RunConfig`."""

    method: str | Mapping[str, Any]
    seed: int
    backbone: str | PurePath
    image_size: int | None
    embedder: str | Mapping[str, Any]
    scale: Literal["auto", "channel", "position", "none"]
    readout: Literal["last", "stages"] | None
    predictor_start: Literal["new", "probe"]
    probe_samples: int
    source: str | Mapping[str, str] | None
    source_labels: Literal["classes", "own"]
    dropout: bool
    freeze: tuple[Projection, ...] | list[Projection]
    gradient_checkpointing: bool
    batch_size: int | None
    augment: str | Mapping[str, Any] | None
    validation: float
    class_weights: Literal["none", "balanced"]
    sampling: Literal["shuffled", "balanced"]
    fingerprint: str | None
    epochs: int
    epoch_steps: int | None
    gradient_accumulation_steps: int
    optimizer: Literal["adamw", "adam", "sgd"]
    betas: tuple[float, float] | list[float]
    momentum: float
    nesterov: bool
    lr: float | None
    lr_scale: Mapping[str, float] | None
    weight_decay: float
    decay_on: Literal["matrices", "all"]
    warmup_ratio: float
    schedule: str | Mapping[str, Any]
    max_grad_norm: float | None
    patience: int | None
    precision: Literal["auto", "32", "bf16", "16"]
    devices: int
    nodes: int
    compile: Literal["auto", "blocks", "none"]
    checkpoint: Literal["last", "best"] | None
    logger: str | Mapping[str, Any] | None


def with_settings_signature(function: Callable[..., Any]) -> None:
    """Let `inspect.signature` and `help` show every setting of a function that takes `**settings`."""
    own = inspect.signature(function).parameters.values()
    kept = [p for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
    added = [
        inspect.Parameter(
            setting.name, inspect.Parameter.KEYWORD_ONLY, default=setting.default, annotation=setting.type
        )
        for setting in SETTINGS.values()
        if setting.name not in {p.name for p in kept}
    ]
    function.__dict__["__signature__"] = inspect.Signature([*kept, *added])
