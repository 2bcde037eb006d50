"""Forms of the JSON files of a run's folder: what is read from them is of these types."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from isthmus.floors.comparison import FloorFigures
from isthmus.tasks import problem_types


class Result(BaseModel):
    """The content of `result.json`; there is more in it, and earlier versions wrote less."""

    model_config = ConfigDict(extra="allow")

    task: str
    method: str
    metric: str
    error: float | None
    backbone: str
    seed: int
    validation_error: float | None
    epochs: int
    steps: int
    wall_s: float
    search_s: float = 0.0
    probe_s: float = 0.0
    test_s: float = 0.0
    parameters: NonNegativeInt = 0
    peak_mb: float = 0.0
    test_samples: NonNegativeInt = 0
    versions: dict[str, str] = Field(default_factory=dict)
    probe: dict[str, Any] | None = None
    floors: FloorFigures | None = None
    floors_s: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _floors_are_whole(self) -> Self:
        if self.floors is not None and {self.floors.best, *self.floors.floors} - set(self.floors_s):
            raise ValueError("a floor has no time")
        if self.floors is not None and self.floors.best not in self.floors.floors:
            raise ValueError("the best floor is none of the floors")
        return self


class Found(BaseModel):
    """The content of `found.json`."""

    seconds: float
    settings: dict[str, Any]


class Chosen(BaseModel):
    """The content of `chosen.json`, as far as it is needed to predict."""

    settings: dict[str, Any]


class SplitSummary(BaseModel):
    """What `data.json` holds of a split: counts of classes or labels, or ranges of numbers."""

    samples: NonNegativeInt
    looked_at: NonNegativeInt
    counts: list[int] | None = None
    targets: list[dict[str, float]] | None = None
    repeated: NonNegativeInt | None = None


class Summary(BaseModel):
    """The content of `data.json`."""

    task: str
    kind: Annotated[str, AfterValidator(lambda name: problem_types[name] and name)]
    about: str
    metric: str
    input_shape: Annotated[list[int], Field(min_length=1)]
    output_shape: Annotated[list[int], Field(min_length=1)]
    classes: list[int | str]
    splits: dict[str, SplitSummary]

    @model_validator(mode="after")
    def _splits_are_whole(self) -> Self:
        for name, split in self.splits.items():
            told = split.counts if self.classes else split.targets
            if told is None or len(told) != (len(self.classes) or self.output_shape[0]):
                raise ValueError(f"the split {name} does not fit the targets")
        return self
