"""The description of a user's own data: which contents of a file are what, and how they are read."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

RANGE = ".."
"""What stands between the first and the last name of a range: `400..2500`"""


def _as_list(value: object) -> object:
    """Return one name as a list of one."""
    return (value,) if isinstance(value, str | int | float) and not isinstance(value, bool) else value


Names = str | Annotated[tuple[str, ...], Field(min_length=1)]
"""A name, or several names whose arrays are put side by side"""

Listed = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""Any number of names; one name stands for a list of one"""


class Description(BaseModel):
    """Which contents of data files are x and y, and how they are read. What is None is found out.

    The fields are the keys of a description in YAML, and options of `isthmus fit`; each carries the line of
    help that both have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, coerce_numbers_to_str=True)

    data: Annotated[Path, Field(description="File or folder.")]
    x: Annotated[
        Names | None,
        Field(description="Samples: names of arrays or columns, or a range of columns such as 400..2500."),
    ] = None
    y: Annotated[Names | None, Field(description="Targets: a name, or several.")] = None
    kind: Annotated[
        str | None, Field(description="Kind of output: classification, multilabel, regression, segmentation.")
    ] = None
    one_hot: Annotated[
        bool | None, Field(description="Whether y holds a column of 0 and 1 for each class.")
    ] = None
    drop: Annotated[Listed, Field(description="Columns that are left out of x.")] = ()
    id: Annotated[str | None, Field(description="Names of the samples, which predictions keep.")] = None
    group: Annotated[
        str | None,
        Field(description="What samples belong to (a patient, a field): it is never on both sides of a cut."),
    ] = None
    time: Annotated[str | None, Field(description="When samples or rows were taken.")] = None
    weight: Annotated[
        str | None, Field(description="Weight of each sample in the training loss, 0 or more.")
    ] = None
    layout: Annotated[
        str | None,
        Field(
            description="Order of the axes of x: channels_first, channels_last, pictures (one channel), "
            "samples_last, or rows_are_time."
        ),
    ] = None
    fill: Annotated[
        str | float | tuple[float, ...] | None,
        Field(description="What missing values become: mean, interpolation, or a number."),
    ] = None
    mel: Annotated[
        int | None,
        Field(ge=4, le=512, description="Bands of log-mel spectrograms that recordings of sound become."),
    ] = None
    window: Annotated[
        int | None, Field(ge=2, description="Points of a window; longer recordings become several samples.")
    ] = None
    stride: Annotated[
        int | None, Field(ge=1, description="Points from one window to the next; by default a window.")
    ] = None
    window_label: Annotated[
        str | None,
        Field(description="Target of a window whose points have one each: majority, mean or end."),
    ] = None
    test: Annotated[Path | None, Field(description="Second file or folder, with the test data.")] = None
    x_test: Annotated[Names | None, Field(description="Test samples, by default as x.")] = None
    y_test: Annotated[Names | None, Field(description="Test targets, by default as y.")] = None
    hold_out: Annotated[
        float | None, Field(gt=0, lt=1, description="Part of the samples that become test data.")
    ] = None
    split: Annotated[
        str | None,
        Field(description="What cuts go by: group, time (the last ones are cut off) or random."),
    ] = None
    seed: Annotated[int, Field(ge=0, description="Seed of the choice of held-out samples.")] = 0
    name: Annotated[str, Field(description="Name of the task; by default that of the file.")] = ""
    about: Annotated[str, Field(description="One line about the task.")] = ""


class Key(NamedTuple):
    """One key of a description, as a user meets it.

    Attributes:
        name: Its name in YAML.
        flag: The option of `isthmus fit`.
        default: Value where it is not given.
        about: One line of help.
    """

    name: str
    flag: str
    default: Any
    about: str


FLAGS = {"seed": "--split-seed"}
"""Options that cannot have the name of their key, since a setting of the run has it"""

KEYS = {
    name: Key(
        name, FLAGS.get(name, f"--{name.replace('_', '-')}"), field.get_default(), field.description or ""
    )
    for name, field in Description.model_fields.items()
}
"""All keys in their order"""
