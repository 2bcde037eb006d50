"""What the tasks share: from one file, the state at the start of each sample and one that comes of it.

The metric is the published nRMSE over all points and variables of a sample: that is `nrmse`, as variables
are laid end to end in one channel.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from isthmus.errors import InputError
from isthmus.store import Array, DataSet, File, Store, Writer, noise
from isthmus.tasks.generated import RECORD, GenerationSpec, check_origin, generators
from isthmus.tasks.loading import TaskEntry
from isthmus.tasks.pdebench.pairs import PARTS, Pairs, split
from isthmus.tasks.problem_types import Output
from isthmus.tasks.stored import make_task, stored
from isthmus.tasks.task import Split, Task

DARUS = "https://darus.uni-stuttgart.de/api/access/datafile"
BENCHMARK = (
    "M. Takamoto et al. (2022), PDEBench: an extensive benchmark for scientific machine learning, NeurIPS"
)
DATA = "M. Takamoto et al. (2022), PDEBench datasets, DaRUS, doi:10.18419/darus-2986"
LARGEST = 1e6
"""values beyond it are none of these equations'"""


def pdebench(
    name: str,
    about: str,
    *,
    file: File,
    pairs: Pairs,
    size: tuple[int, ...],
    samples: int,
    note: str,
    loss: str = "nrmse",
) -> None:
    """Register a task `pdebench/NAME`, whose equation has the same name, and how its file is generated.

    Args:
        name: without the benchmark's.
        about: one line: what is given, and what is to be told from it.
        file: as published.
        pairs: in that file.
        size: of a published field.
        samples: in the published file.
        note: what is read, in a line.
        loss: a name in `losses`.
    """
    counts = {part: len(numbers) for part, numbers in split(samples, pairs.layout.test_first).items()}
    full = f"pdebench/{name}"
    generators.register(full)(GenerationSpec(name, {file.name: 1}))
    stored(
        full,
        about,
        "regression",
        f"{[1, *size]} -> {[1, *size]}, {counts['train']} train, {counts['test']} test",
        DataSet(
            modality="field on a line" if len(size) == 1 else "field on a grid",
            licence="CC BY 4.0",
            citation=(BENCHMARK, DATA),
            files=(file, File(RECORD, f"isthmus data generate {full}", 0, needed=False)),
            arrays=_arrays((None,) * len(size), counts),
            prepare=partial(prepare, pairs, file.name, name),
            mock=lambda arrays, writer, rng, count: noise(_arrays(size, counts), writer, rng, count),
            notes=(note, f"the equation can be solved here: isthmus data generate {full}"),
        ),
        partial(open_task, loss),
        expert="fno",
    )


def prepare(pairs: Pairs, file: str, equation: str, folder: Path, writer: Writer) -> None:
    """The published file, or one that was generated in its place."""
    path = folder / file
    check_origin(path, equation)
    for part, numbers, x, y in pairs.read(path):
        of = f"of samples {numbers.start} to {numbers.stop - 1},"
        writer.add(f"{part}_x", x, f"{path}, input {of}")
        writer.add(f"{part}_y", y, f"{path}, target {of}")


def open_task(loss: str, entry: TaskEntry, store: Store) -> Task:
    """One channel, whose mean and deviation over the training targets are the task's.

    Raises:
        InputError: if all targets are the same.
    """
    train, validation, test = (
        Split(store.changed(f"{part}_x"), store.changed(f"{part}_y")) for part in PARTS
    )
    mean, std = store.changed("train_y").scale
    if not std.all():
        raise InputError(
            f"'{store.folder}' has one and the same target everywhere; there is nothing to learn"
        )
    return make_task(
        entry,
        Output(1, train.y.shape[2:]),
        train,
        test,
        validation,
        y_mean=tuple(mean.tolist()),
        y_std=tuple(std.tolist()),
        loss=loss,
        metric="nrmse",
    )


def _arrays(size: tuple[int | None, ...], rows: Mapping[str, int]) -> dict[str, Array]:
    """`train_x`, `train_y`, `validation_x`..."""
    return {
        f"{part}_{side}": Array((1, *size), "float32", -LARGEST, LARGEST, rows[part])
        for part in PARTS
        for side in ("x", "y")
    }
