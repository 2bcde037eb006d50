"""Settings that are `auto`: chosen by cross-validation of the probe on training data alone."""

import hashlib
import json
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus.augmentation import augmentations
from isthmus.backbones import describe_backbone, load_backbone, named
from isthmus.config.parts import AUTO
from isthmus.config.plain_text import read_json
from isthmus.config.resolve import ResolvedRun, updated
from isthmus.errors import InputError
from isthmus.methods.probe import FOLDS, Probe, ProbeFit, fit_probe, some_samples
from isthmus.model import embedders
from isthmus.seeding import torch_generator
from isthmus.store.cache import cache_file, keep
from isthmus.tasks import Split
from isthmus.training.run_folder import CHOSEN
from isthmus.version import __version__

log = logging.getLogger("isthmus")

BACKBONES = ("efficientnet-lite0", "swin-micro")
"""Backbones that `auto` tries"""

COPIES = 2
"""Changed copies of every sample that an augmentation is judged by"""

EVERY_SAMPLE = 2**62

MOST_VALUES, FEWEST = 2**24, 64
"""Values of the samples that settings are judged on: of large samples so many fewer, though not below"""


@dataclass(frozen=True)
class Candidate:
    """Settings that were tried, and how the probe did with them on samples left out.

    Attributes:
        settings: Settings, by name.
        error: Error by the task's metric.
        squared_error: Squared error of targets as numbers, which tells equal errors apart.
    """

    settings: dict[str, Any]
    error: float
    squared_error: float

    @property
    def rank(self) -> tuple[float, float]:
        """What is lowest for the best candidate."""
        return self.error, self.squared_error


@dataclass(frozen=True)
class Choice:
    """What was chosen, from which candidates, in how much time.

    Attributes:
        settings: Chosen settings, by name.
        candidates: All that were tried.
        seconds: Time that it took.
    """

    settings: dict[str, Any]
    candidates: list[Candidate]
    seconds: float


def choose(run: ResolvedRun, folder: Path) -> tuple[ResolvedRun, Choice | None]:
    """Return the run with every `auto` replaced by what cross-validation chooses, and the choice.

    What was chosen before is read from `chosen.json` in the run's folder, so that a resumed run does not
    choose again; what was chosen by another run with the same samples, seed and settings of the model, from
    the cache. No validation or test data is looked at.

    Raises:
        InputError: If nothing can be chosen, or that file is damaged.
    """
    if not run.choices:
        return run, None
    path = folder / CHOSEN
    if path.exists():
        choice = read_choice(path)
    else:
        kept = _kept_choice(run)
        choice = _chosen_before(kept) or _choose(run, kept)
    return updated(run, choice.settings), choice


def _choose(run: ResolvedRun, kept: Path | None) -> Choice:
    """Choose, and keep the choice in a file for other runs."""
    began = time.monotonic()
    candidates: list[Candidate] = []
    settings = Chooser(run, candidates).choose()
    choice = Choice(settings, candidates, round(time.monotonic() - began, 2))
    log.info("chosen by cross-validation in %.1f s: %s", choice.seconds, settings_text(settings))
    if kept is not None:
        keep(kept, lambda temporary: temporary.write_text(as_text(choice), encoding="utf-8"))
    return choice


def _chosen_before(kept: Path | None) -> Choice | None:
    """Return the choice that another run has kept in a file."""
    if kept is None or not kept.exists():
        return None
    try:
        choice = read_choice(kept)
    except InputError:
        return None
    log.info("chosen by cross-validation before, on the same samples: %s", settings_text(choice.settings))
    return choice


def _kept_choice(run: ResolvedRun) -> Path | None:
    """Return the file for a choice, named by everything that it depends on.

    None where the weights are a folder's or the hub's, and may be others when they are loaded again.
    """
    train, task, config = _samples(run), run.task, run.config
    if config.model.backbone not in {*named, AUTO}:
        return None
    hashed = hashlib.sha256()
    weights = () if train.weights is None else (train.weights,)
    for array in (train.x, train.y, train.cut.folds(FOLDS) if train.cut else np.zeros(0), *weights):
        values = np.ascontiguousarray(array)
        hashed.update(f"{values.dtype} {values.shape}".encode())
        hashed.update(values.data)
    flat = config.flat()
    settings = json.dumps(
        {name: flat[name] for name in ("seed", "augment", *Probe.settings - {"validation"})},
        sort_keys=True,
        default=str,
    )
    key = (hashed.hexdigest(), settings, task.kind, task.metric, str(task.output), *run.choices)
    tried = (*BACKBONES, *embedders, *augmentations)
    return cache_file("choices", (*key, *tried, __version__, torch.__version__), ".json")


def _samples(run: ResolvedRun) -> Split:
    """Return the training samples that settings are judged on."""
    asked = run.config.model.probe_samples or EVERY_SAMPLE
    fitting = max(FEWEST, MOST_VALUES // math.prod(run.task.input_shape))
    return some_samples(run.train, min(asked, fitting))


def read_choice(path: Path) -> Choice:
    """Read a choice; raise InputError if the file is damaged."""
    return read_json(path, Choice, "remove it to choose again")


def as_text(choice: Choice) -> str:
    """Return the text of a choice's file."""
    return json.dumps(asdict(choice), indent=2) + "\n"


def settings_text(settings: dict[str, Any]) -> str:
    """Write settings in one line: embedder=fold(scale=sample), scale=channel."""
    return ", ".join(f"{name}={_part(value)}" for name, value in settings.items())


def _part(value: Any) -> str:
    if isinstance(value, list):
        return " + ".join(map(_part, value))
    if not isinstance(value, dict):
        return "none" if value is None else str(value)
    options = ", ".join(f"{key}={_part(option)}" for key, option in value.items() if key != "name")
    return f"{value['name']}({options})" if options else str(value["name"])


class Chooser:
    """Choice of one setting after the other: backbone with embedder, then scale, then augmentation.

    Args:
        run: Resolved run, some of whose settings are `auto`.
        candidates: Where all that is tried is written down.
    """

    def __init__(self, run: ResolvedRun, candidates: list[Candidate]) -> None:
        self.run, self.candidates = run, candidates
        self.train = _samples(run)

    def choose(self) -> dict[str, Any]:
        """Return the chosen settings."""
        open_settings = set(self.run.choices)
        settings: dict[str, Any] = {"scale": "channel"} if "scale" in open_settings else {}
        if "augment" in open_settings:
            settings["augment"] = None
        settings |= self._view(settings, open_settings)
        if "scale" in open_settings:
            tried = [self._try({**settings, "scale": scale}) for scale in ("channel", "position")]
            settings = min(tried, key=lambda one: one.rank).settings
        if "augment" in open_settings:
            tried = [self._try({**settings, "augment": part}) for part in self._augmentations()]
            settings = min(tried, key=lambda one: one.rank).settings
        return settings

    def _view(self, settings: dict[str, Any], open_settings: set[str]) -> dict[str, Any]:
        """Choose backbone and embedder together; two embedders, where their average is better than either."""
        backbones = BACKBONES if "backbone" in open_settings else [self.run.config.model.backbone]
        best: dict[str, tuple[Candidate, ProbeFit]] = {}
        for backbone in self._fitting(backbones):
            chosen = {"backbone": backbone} if "backbone" in open_settings else {}
            parts = self._embedders(backbone) if "embedder" in open_settings else [None]
            for part in parts:
                embedder = {} if part is None else {"embedder": part}
                candidate, fitted = self._probe({**settings, **chosen, **embedder})
                kind = f"{backbone} {(part or {}).get('name')}"
                if kind not in best or candidate.rank < best[kind][0].rank:
                    best[kind] = candidate, fitted
        ranked = sorted(best.values(), key=lambda one: one[0].rank)
        both = self._average(ranked[:2])
        return both.settings if both and both.error < ranked[0][0].error else ranked[0][0].settings

    def _fitting(self, backbones: Sequence[str]) -> list[str]:
        """Return the backbones that can see pictures of the size asked for; raise InputError for none."""
        fitting, refused = [], None
        for backbone in backbones:
            try:
                load_backbone(backbone, self.run.config.model.image_size)
                fitting.append(backbone)
            except InputError as error:
                log.info("%s is not tried: %s", backbone, error)
                refused = error
        if refused is not None and not fitting:
            raise refused
        return fitting

    def _average(self, pair: list[tuple[Candidate, ProbeFit]]) -> Candidate | None:
        """Judge the average of two embedders on one backbone by outputs that are there already."""
        if len(pair) < 2 or pair[0][0].settings.get("backbone") != pair[1][0].settings.get("backbone"):
            return None
        averaged = ProbeFit.average([fitted for _, fitted in pair], self.run.task)
        if averaged is None:
            return None
        first = pair[0][0].settings
        of = [candidate.settings["embedder"] for candidate, _ in pair]
        return self._note({**first, "embedder": {"name": "views", "of": of}}, averaged)

    def _embedders(self, backbone: str) -> list[dict[str, Any]]:
        """Return the embedders to try, each a name and options."""
        modality, shape = describe_backbone(backbone).modality, self.run.task.input_shape
        if len(self.run.task.output.size) == 1:
            return [{"name": "patch"}]  # a drawing has no positions of its series
        parts = [
            {"name": name, **options}
            for name, embedder in embedders.items()
            for options in embedder.choices(modality, shape)
        ]
        return parts or [{"name": "patch"}]

    def _augmentations(self) -> Iterator[dict[str, Any] | None]:
        """Yield no augmentation, and each that leaves the targets right."""
        yield None
        for name, make in augmentations.items():
            if not (make().moves and self.run.task.output.size):
                yield {"name": name}

    def _try(self, settings: dict[str, Any]) -> Candidate:
        """Return what is known of settings, or probe them."""
        known = [candidate for candidate in self.candidates if candidate.settings == settings]
        return known[0] if known else self._probe(settings)[0]

    def _probe(self, settings: dict[str, Any]) -> tuple[Candidate, ProbeFit]:
        run = updated(self.run, settings)
        net = Probe().build(run.config, run.task)
        fitted = fit_probe(net, self.train, self._copies(run))
        return self._note(settings, fitted), fitted

    def _note(self, settings: dict[str, Any], fitted: ProbeFit) -> Candidate:
        error = fitted.error(self.run.task, np.asarray(self.train.y))
        candidate = Candidate(settings, error, fitted.squared_error)
        self.candidates.append(candidate)
        log.info("probe with %s: cross-validated error %.4g", settings_text(settings), error)
        return candidate

    def _copies(self, run: ResolvedRun) -> tuple[np.ndarray, ...]:
        """Return changed copies of the samples where the settings name an augmentation."""
        if run.augment is None:
            return ()
        x = torch.from_numpy(np.asarray(self.train.x))
        draws = (torch_generator(run.config.seed, number, "choosing") for number in range(COPIES))
        return tuple(run.augment(x, generator).numpy() for generator in draws)
