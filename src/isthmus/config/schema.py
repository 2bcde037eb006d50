"""The settings of a run: typed, in groups, each with its range, its default and one line of help.

Users write settings flat, by their own names (`epochs=5`, `--epochs 5`, `epochs: 5`); a run keeps them in
groups.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from isthmus.aliases import task_name
from isthmus.config.parts import AUTO, Part, Source, none_as_nothing
from isthmus.config.validation import validated
from isthmus.errors import unknown


def _check_momentum(nesterov: bool, info: ValidationInfo) -> bool:
    if nesterov and info.data.get("momentum") == 0:
        raise ValueError("it needs a momentum above 0")
    return nesterov


def _path_as_text(value: object) -> object:
    return str(value) if isinstance(value, PurePath) else value


Fraction = Annotated[float, Field(ge=0, lt=1)]
Projection = Literal["query", "key", "value"]


class Group(BaseModel):
    """Settings that belong together; frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ModelConfig(Group):
    """What is fine-tuned."""

    backbone: Annotated[
        str,
        BeforeValidator(_path_as_text),
        Field(
            description="Name, local folder or hub name of the pretrained encoder; auto chooses among the"
            " image backbones that come with isthmus, by cross-validation of the probe."
        ),
    ] = AUTO
    image_size: Annotated[
        int | None,
        Field(
            ge=16,
            description="Height and width in pixels of the pictures that an image backbone sees; by default"
            " what it recommends.",
        ),
    ] = None
    embedder: Annotated[
        Part,
        Field(description="How target samples become tokens; auto chooses by cross-validation of the probe."),
    ] = {"name": AUTO}
    scale: Annotated[
        Literal["auto", "channel", "position", "none"],
        Field(
            description="Whether inputs are standardised by channel, by each position of a channel"
            " (spectra, tables), or not at all; auto chooses by cross-validation of the probe."
        ),
    ] = "auto"
    readout: Annotated[
        Literal["last", "stages"] | None,
        Field(
            description="Features that the predictors read: of the backbone's last stage, or of all stages;"
            " by default what the backbone recommends."
        ),
    ] = None
    predictor_start: Annotated[
        Literal["new", "probe"],
        Field(
            description="How the target's predictor starts: as the probe before fine-tuning fitted it to"
            " frozen features (LP-FT), where there is one, or new."
        ),
    ] = "probe"
    probe_samples: Annotated[
        int,
        Field(
            ge=0,
            description="Largest number of training samples of the probe that is fitted before fine-tuning,"
            " and that auto chooses by; 0 leaves that probe out.",
        ),
    ] = 1000
    source: Annotated[
        Source,
        Field(
            description="Samples of the backbone's own modality that are mixed in or aligned with, or one"
            " source for each modality: {image: procedural}; by default what suits the backbone."
        ),
    ] = None
    source_labels: Annotated[
        Literal["classes", "own"],
        Field(
            description="Labels of the source's samples: its classes, or the probabilities that the"
            " backbone's own classifier gives them."
        ),
    ] = "classes"
    dropout: Annotated[
        bool, Field(description="Whether the encoder's own dropout is active in training.")
    ] = True
    freeze: Annotated[
        tuple[Projection, ...],
        Field(description="Projections of the encoder's attention that stay as they are: query, key, value."),
    ] = ()
    gradient_checkpointing: Annotated[
        bool,
        Field(
            description="Whether the blocks of the encoder are computed again on the way back, which takes"
            " less memory and about a third more time; results are the same."
        ),
    ] = False


class DataConfig(Group):
    """What the training sees."""

    batch_size: Annotated[
        int | None,
        Field(
            ge=1, description="Target samples in a batch; by default 16, or all there are if that is fewer."
        ),
    ] = None
    augment: Annotated[
        Part | None,
        BeforeValidator(none_as_nothing),
        Field(
            description="How target samples are changed at every step, or none; auto chooses by"
            " cross-validation of the probe, and is none for methods without a backbone."
        ),
    ] = {"name": AUTO}
    validation: Annotated[
        Fraction,
        Field(
            description="Fraction of the training data set aside to validate on, where a task has none of its"
            " own; 0 trains on all data, a task's own validation data included."
        ),
    ] = 0.2
    class_weights: Annotated[
        Literal["none", "balanced"],
        Field(
            description="Weights of classes in the training loss: balanced weighs each by the inverse of its"
            " number of training samples, so that rare ones count as much as frequent ones."
        ),
    ] = "none"
    sampling: Annotated[
        Literal["shuffled", "balanced"],
        Field(
            description="How an epoch goes through the training samples: shuffled takes each equally often,"
            " balanced each class."
        ),
    ] = "shuffled"
    fingerprint: Annotated[
        str | None,
        Field(description="Hash of the data, filled in: a run is resumed with the data it began with."),
    ] = None


MOST = 1_000_000
"""Epochs, or batches in one, at most: more is a slip of the pen"""


class OptimConfig(Group):
    """How the weights learn."""

    epochs: Annotated[
        int,
        Field(ge=1, le=MOST, description="Number of epochs; each ends with validation and a checkpoint."),
    ] = 20
    epoch_steps: Annotated[
        int | None,
        Field(
            ge=1,
            le=MOST,
            description="Batches in an epoch; by default one pass over the training data, or 20 if that is"
            " more.",
        ),
    ] = None
    gradient_accumulation_steps: Annotated[int, Field(ge=1, description="Batches to one optimiser step.")] = 1
    optimizer: Annotated[Literal["adamw", "adam", "sgd"], Field(description="Optimiser.")] = "adamw"
    betas: Annotated[
        tuple[Fraction, Fraction], Field(description="Decay rates of Adam's and AdamW's running means.")
    ] = (0.9, 0.999)
    momentum: Annotated[Fraction, Field(description="Momentum of SGD.")] = 0.9
    nesterov: Annotated[
        bool,
        AfterValidator(_check_momentum),
        Field(description="Whether the momentum of SGD is Nesterov's."),
    ] = False
    lr: Annotated[
        float | None,
        Field(
            gt=0,
            description="Highest learning rate; by default what the backbone or the method recommends.",
        ),
    ] = None
    lr_scale: Annotated[
        dict[str, Annotated[float, Field(ge=0)]] | None,
        Field(
            description="Factors on the learning rate for parts of the network: {backbone: 0.1}; by default"
            " what the backbone recommends."
        ),
    ] = None
    weight_decay: Annotated[
        float,
        Field(ge=0, description="Weight decay, of what decay_on says."),
    ] = 0.01
    decay_on: Annotated[
        Literal["matrices", "all"],
        Field(description="Weights that decay: matrices and kernels, or all, with biases and norms."),
    ] = "matrices"
    warmup_ratio: Annotated[
        float, Field(ge=0, le=1, description="Fraction of training in which the learning rate rises.")
    ] = 0.1
    schedule: Annotated[Part, Field(description="How the learning rate falls after that.")] = {
        "name": "cosine",
        "end": 1.0,
    }
    max_grad_norm: Annotated[
        float | None, Field(gt=0, description="Largest norm of the gradient; null for no clipping.")
    ] = 1.0
    patience: Annotated[
        int | None,
        Field(
            ge=1,
            description="Epochs without a better validation error after which training stops; by default it"
            " goes on to the last epoch.",
        ),
    ] = None


class RuntimeConfig(Group):
    """How the training runs on the machine, and which weights it ends with."""

    precision: Annotated[
        Literal["auto", "32", "bf16", "16"],
        BeforeValidator(str),
        Field(description="Precision of the arithmetic; auto is bf16 on a device that has it, else 32."),
    ] = "auto"
    devices: Annotated[
        int, Field(ge=1, description="Number of devices to train on in parallel (DDP), on each machine.")
    ] = 1
    nodes: Annotated[
        int,
        Field(
            ge=1,
            description="Number of machines to train on in parallel (DDP), on each of which torchrun or srun"
            " starts a process for each device.",
        ),
    ] = 1
    compile: Annotated[
        Literal["auto", "blocks", "none"],
        Field(
            description="Whether the blocks of the network are compiled while it trains (torch.compile):"
            " auto does on a GPU where the training has 2,000 steps or more."
        ),
    ] = "auto"
    checkpoint: Annotated[
        Literal["last", "best"] | None,
        Field(
            description="Weights that the run ends with: of the last epoch, or of the best on validation,"
            " where the probe before fine-tuning counts, too; by default the best, if there is validation"
            " data."
        ),
    ] = None
    logger: Annotated[
        Part | None,
        BeforeValidator(none_as_nothing),
        Field(
            description="Where the figures of training go beside metrics.csv: tensorboard, wandb, mlflow or"
            " none; auto is tensorboard where it is installed."
        ),
    ] = {"name": AUTO}


class RunConfig(Group):
    """Everything that makes a run: with the same data and versions, enough to repeat it."""

    task: Annotated[str, Field(description="Name of the target problem."), AfterValidator(task_name)]
    seed: Annotated[int, Field(ge=0, description="Seed of every random draw.")] = 0
    method: Annotated[Part, Field(description="What learns, and what a training step costs.")] = {
        "name": "pare"
    }
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    optim: OptimConfig = OptimConfig()
    runtime: RuntimeConfig = RuntimeConfig()

    def flat(self, *, only_given: bool = False) -> dict[str, Any]:
        """Return all settings by their own names, without the groups.

        Args:
            only_given: Leave out what was never given a value, and so has its default.
        """
        values = self.model_dump(exclude_unset=only_given)
        return {name: value for group in GROUPS for name, value in values.pop(group, {}).items()} | values

    def updated(self, **settings: Any) -> "RunConfig":
        """Return a copy in which these settings, by their own names, have other values.

        Raises:
            InputError: For an unknown setting or a value that does not fit.
        """
        return make_config(self.flat(only_given=True) | settings)


SET_BY_GRID = {
    "task": "give tasks",
    "method": "give methods",
    "backbone": "give backbones",
    "seed": "give seeds",
    "devices": "a run of a grid trains on one device",
    "nodes": "a run of a grid trains on one device",
}
"""Settings of a run that a grid of runs does not leave open, and what to give instead"""


class Setting(NamedTuple):
    """One setting, as a user meets it; `group` is the key in `GROUPS` that a run keeps it under, or ""."""

    name: str
    group: str
    type: Any
    default: Any
    description: str


GROUPS: dict[str, type[Group]] = dict(
    model=ModelConfig, data=DataConfig, optim=OptimConfig, runtime=RuntimeConfig
)


def all_settings() -> Iterator[Setting]:
    """Yield every setting but the task, in the order of the groups."""
    models: dict[str, type[Group]] = {"": RunConfig, **GROUPS}
    for group, model in models.items():
        for name, field in model.model_fields.items():
            if name not in ("task", *GROUPS):
                default = field.get_default(call_default_factory=True)
                yield Setting(name, group, field.annotation, default, field.description or "")


SETTINGS = {setting.name: setting for setting in all_settings()}
"""Every setting by its name"""


def make_config(values: Mapping[str, Any]) -> RunConfig:
    """Check settings that are given by their own names, and put them into their groups.

    Raises:
        InputError: For an unknown setting (with the nearest known one) or a value that does not fit.
    """
    nested: dict[str, Any] = {}
    for name, value in values.items():
        if name != "task" and name not in SETTINGS:
            raise unknown("setting", name, ["task", *SETTINGS])
        group = "" if name == "task" else SETTINGS[name].group
        (nested.setdefault(group, {}) if group else nested)[name] = value
    config: RunConfig = validated(RunConfig, nested)
    return config
