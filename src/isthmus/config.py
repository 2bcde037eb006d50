"""One typed, complete description of a run; unknown keys are errors."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
)

from isthmus.errors import InputError, unknown
from isthmus.files import write_text


def _as_part(value: object) -> object:
    part = _with_name(value)
    if not isinstance(part, Mapping) or not isinstance(part.get("name"), str):
        raise ValueError("give a name, or a name and its options")
    return part


def _with_name(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _as_source(value: object) -> object:
    named = value if isinstance(value, Mapping) else {}
    for modality in named:
        if modality not in MODALITIES:
            raise unknown("modality", modality, MODALITIES)
    if value is not None and not all(isinstance(name, str) for name in named.values() or [value]):
        raise ValueError("give a name, or a name for each modality, such as {image: procedural}")
    return value


def _with_momentum(nesterov: bool, info: ValidationInfo) -> bool:
    if nesterov and info.data.get("momentum") == 0:
        raise ValueError("it needs a momentum above 0")
    return nesterov


SCHEMA = 2
"""Version of what a run folder holds; it grows when this version cannot go on with older folders"""

MODALITIES = ("image", "text")
"""What backbones were pretrained on"""

FINITE = ConfigDict(allow_inf_nan=False)

Part = Annotated[dict[str, Any], BeforeValidator(_as_part)]
"""Something chosen by name, with its options: `pare`, or `{name: pare, start: 0.5}`."""

Share = Annotated[float, Field(ge=0, lt=1)]
"""A part of a whole, never all of it"""


class RunConfig(BaseModel):
    """Everything that makes a run: with the same data and versions, enough to repeat it.

    Attributes:
        task: name of the target problem.
        method: what learns and what a step costs, with the method's own options.
        backbone: name, local folder or hub name of the pretrained encoder.
        embedder: how target samples become tokens, with the embedder's own options.
        source: proxy of the backbone's own modality, or one for each: {image: procedural}; where the
            backbone's is not among them, and for None, the backbone's default.
        augment: how target samples are changed at every step, with the augmentation's own options.
        seed: of every random draw.
        epochs: passes, each followed by validation and a checkpoint.
        epoch_steps: batches in an epoch; None for one pass over the training data, or 20 if that is
            more (a small data set is then passed over several times in an epoch).
        batch_size: target samples in a batch; None for 16, or all there are if that is fewer.
        gradient_accumulation_steps: batches to an optimiser step.
        optimizer: which.
        betas: of Adam and AdamW: how much of the mean and of the mean square a step keeps.
        momentum: of SGD.
        nesterov: whether that is Nesterov's.
        lr: highest learning rate; None for what the backbone recommends.
        lr_scale: factors on it for single parts (embedder, gate, backbone, predictor, source_predictor).
        weight_decay: on matrices and kernels; never on biases, norms.
        warmup_ratio: part of training in which the learning rate rises.
        schedule: how it falls from there, with the schedule's own options.
        max_grad_norm: largest gradient norm; None for no clipping.
        dropout: whether the encoder drops in training, as much as its configuration says.
        freeze: which projections of the encoder's attention do not learn: query, key, value.
        precision: of the arithmetic; auto is bf16 on a device that has it, else 32.
        devices: how many, trained on in parallel (DDP).
        validation: part of the training data set aside to validate on; 0 trains on all of it.
        data: fingerprint of the data, filled in: a run is resumed with the data it began with.
        checkpoint: which weights the run ends with: of the last epoch, or of the best on validation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    task: str
    method: Part = Field(default_factory=lambda: {"name": "pare"})
    backbone: str = "swin-micro"
    embedder: Part = Field(default_factory=lambda: {"name": "patch"})
    source: Annotated[str | dict[str, str] | None, BeforeValidator(_as_source)] = None
    augment: Part = Field(default_factory=lambda: {"name": "none"})
    seed: int = Field(0, ge=0)
    epochs: int = Field(20, ge=1)
    epoch_steps: int | None = Field(None, ge=1)
    batch_size: int | None = Field(None, ge=1)
    gradient_accumulation_steps: int = Field(1, ge=1)
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    betas: tuple[Share, Share] = (0.9, 0.999)
    momentum: Share = 0.9
    nesterov: Annotated[bool, AfterValidator(_with_momentum)] = False
    lr: float | None = Field(None, gt=0)
    lr_scale: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    weight_decay: float = Field(0.01, ge=0)
    warmup_ratio: float = Field(0.1, ge=0, le=1)
    schedule: Part = Field(default_factory=lambda: {"name": "cosine", "end": 1.0})
    max_grad_norm: float | None = Field(1.0, gt=0)
    dropout: bool = True
    freeze: tuple[Literal["query", "key", "value"], ...] = ()
    precision: Annotated[Literal["auto", "32", "bf16", "16"], BeforeValidator(str)] = "auto"
    devices: int = Field(1, ge=1)
    validation: Share = 0.2
    data: str | None = None
    checkpoint: Literal["last", "best"] = "last"

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of all sources that are asked for."""
        if self.source is None:
            return ()
        return tuple(self.source.values()) if isinstance(self.source, dict) else (self.source,)

    def source_for(self, modality: str) -> str | None:
        """The source that is asked for, if one is, with a backbone of that modality."""
        return self.source.get(modality) if isinstance(self.source, dict) else self.source

    def write(self, path: Path) -> None:
        """Write as YAML, with the schema's number."""
        write_text(path, yaml.safe_dump({"schema": SCHEMA, **self.model_dump()}, sort_keys=False))

    @classmethod
    def read(cls, path: Path) -> "RunConfig":
        """Read what `write` wrote.

        Raises:
            InputError: if the file is not such a description, or one of another schema.
        """
        return make_config(read_settings(path, schema=1))  # the first schema had no number


def read_settings(path: Path, schema: int = SCHEMA) -> dict[str, Any]:
    """The settings in a YAML file, unchecked.

    Args:
        schema: of a file that does not say.

    Raises:
        InputError: if there is no such file, it holds no settings, or they are of another schema.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = "there is no file" if isinstance(error, FileNotFoundError) else f"{error.strerror}:"
        raise InputError(f"{reason} '{path}'") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise InputError(f"'{path}' is not YAML") from None
    if not isinstance(values, dict):
        raise InputError(f"'{path}' holds no settings: expected keys such as task, method")
    found = values.pop("schema", schema)
    if found != SCHEMA:
        raise InputError(
            f"'{path}' is of schema {found} and this version of isthmus reads schema {SCHEMA}; "
            "make the run again in another folder, or open it with the version that wrote it"
        )
    return values


def make_config(values: Mapping[str, Any]) -> RunConfig:
    """A checked description from plain values.

    Raises:
        InputError: for an unknown key (with the nearest known one) or a value that does not fit.
    """
    for key in values:
        if key not in RunConfig.model_fields:
            raise unknown("setting", key, RunConfig.model_fields)
    return validated(RunConfig, values, "")


def complete(what: str, part: Mapping[str, Any], made_by: Callable[..., Any]) -> dict[str, Any]:
    """A part with every option given a value: the keyword parameters of what makes it, checked.

    Args:
        what: is being made, for messages: "method".
        part: its name, and the options that the user gave.
        made_by: class or function whose keyword-only parameters are the options.

    Raises:
        InputError: for an unknown option or a value that does not fit.
    """
    parameters = inspect.signature(made_by).parameters.values()
    known: dict[str, Any] = {
        p.name: (p.annotation, p.default) for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY
    }
    given = {key: value for key, value in part.items() if key != "name"}
    for key in given:
        if key not in known:
            raise unknown(f"option of the {what} '{part['name']}'", key, known)
    options = validated(create_model(what, __config__=FINITE, **known), given, f"{what}.")
    return {"name": part["name"], **options.model_dump(mode="json")}  # as a file gives it back


def assign(values: dict[str, Any], assignments: list[str]) -> dict[str, Any]:
    """Lay assignments such as `epochs=5` or `method.start=0.5` over plain values.

    Raises:
        InputError: for one without `=`.
    """
    result = dict(values)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise InputError(
                f"'{assignment}' sets nothing; write key=value, such as epochs=5 or method.start=0.5"
            )
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"'{assignment}' sets no value: '{text}' is not YAML") from None
        whole, dot, option = key.partition(".")
        if dot:
            inner = _with_name(result.get(whole, _default(whole)))
            value = {**(inner if isinstance(inner, dict) else {}), option: value}
        result[whole] = value
    return result


def _default(key: str) -> Any:
    """The default of a setting; nothing for one that does not exist, which is said when all are checked."""
    field = RunConfig.model_fields.get(key)
    return {} if field is None else field.get_default(call_default_factory=True)


def validated(model: type[BaseModel], values: Mapping[str, Any], prefix: str) -> Any:
    """Plain values as a model of their form, the first thing that is wrong said in one line.

    Args:
        prefix: of the names of settings in messages.

    Raises:
        InputError: for a value that is missing or does not fit.
    """
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = prefix + ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise InputError(f"the setting '{where}' is missing") from None
        reason = first["msg"].removeprefix("Value error, ")
        given = " ".join(repr(first["input"]).split())[:80]
        raise InputError(f"the setting '{where}' is {given}: {reason[0].lower()}{reason[1:]}") from None
