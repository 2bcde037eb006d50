"""Generation of a data set: many samples of an equation, solved into one file with the published layout."""

import json
import math
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.config.validation import complete_options
from isthmus.errors import InputError
from isthmus.files import told_when_full
from isthmus.locks import wait_for_lock
from isthmus.pde.equation import Equation, equations
from isthmus.pde.hdf5_layouts import FLOAT
from isthmus.pde.partial_file import PartialFile
from isthmus.processes import end_with_parent
from isthmus.seeding import numpy_generator

MIN_RESOLUTION = 16
CHUNK_SIZE = 16
"""Number of samples that a process solves as one task"""

Progress = Callable[[int, int], None]
"""(samples done, samples) -> None"""


@dataclass(frozen=True)
class GenerationConfig:
    """Complete settings of a generated file, as plain data: enough to generate it again.

    Attributes:
        equation: Name of the equation.
        parameters: All parameters of the equation.
        samples: Number of samples.
        resolution: Number of points along an axis of space.
        seed: Seed of all random draws; sample i is made from (seed, equation, i) and nothing else.
    """

    equation: str
    parameters: dict[str, Any]
    samples: int
    resolution: int
    seed: int

    def make_equation(self) -> Equation:
        """Return the equation with its parameters."""
        return equations[self.equation](**self.parameters)


def generate(
    equation: str,
    path: Path | str,
    *,
    samples: int,
    resolution: int | None = None,
    seed: int = 0,
    processes: int = 1,
    progress: Progress | None = None,
    **parameters: Any,
) -> Path:
    """Generate a file of samples in the published layout, in float32.

    Until it is complete, the file is kept in `FILE.unfinished/`. A call that was interrupted continues from
    there when it is repeated with the same settings, and gives the same bytes, whatever the number of
    processes.

    Args:
        equation: Name of one of `equations`.
        path: Path of the file, which must not exist yet.
        samples: Number of samples.
        resolution: Number of points along an axis of space; None for the published one.
        seed: Seed of all random draws. Sample i does not depend on the number of samples.
        processes: Number of parallel processes. More than one are spawned, so a script must call this under
            `if __name__ == "__main__":`.
        progress: Callback that gets (samples done, samples) at the start and after each chunk.
        **parameters: Parameters of the equation that differ from the published ones.

    Returns:
        The path of the file.

    Raises:
        InputError: If the equation or a parameter is unknown, a number is out of range, the file exists or
            the disk has too little space; before anything is computed.
    """
    path, report = Path(path), progress or (lambda done, samples: None)
    config = resolve_config(equation, samples, resolution, seed, parameters)
    processes = _checked_integer("number of processes", processes, 1)
    with lock_file(path):
        partial_file = _open_partial_file(path, config)
        chunks = range(math.ceil(config.samples / CHUNK_SIZE))
        remaining = [chunk for chunk in chunks if chunk not in partial_file.done]

        def report_progress() -> None:
            report(sum(len(_sample_numbers(config, chunk)) for chunk in partial_file.done), config.samples)

        report_progress()
        with told_when_full(partial_file.data, "make room, and give the command again to go on"):
            for chunk in _generate_chunks(config, partial_file.data, remaining, processes):
                partial_file.mark_done(chunk)
                report_progress()
        partial_file.finish()
    return path


def lock_file(path: Path) -> AbstractContextManager[bool]:
    """Hold the lock of a generated file while a block runs, and leave none that a killed process left."""
    return wait_for_lock(path.with_name(f".{path.name}.lock"), f"'{path}'")


def resolve_config(
    equation: str, samples: int, resolution: int | None, seed: int, parameters: Mapping[str, Any]
) -> GenerationConfig:
    """Check the settings of a file and complete them with the published values.

    Args:
        equation: Name of one of `equations`.
        samples: Number of samples.
        resolution: Number of points along an axis of space; None for the published one.
        seed: Seed of all random draws.
        parameters: Parameters of the equation that differ from the published ones.

    Raises:
        InputError: If the equation or a parameter is unknown, or a number is out of range.
    """
    equation = equations.canonical(equation)
    points = equations[equation].resolution if resolution is None else resolution
    config = GenerationConfig(
        equation,
        resolve_parameters(equation, parameters),
        _checked_integer("number of samples", samples, 1),
        _checked_integer("resolution", points, MIN_RESOLUTION),
        _checked_integer("seed", seed, 0),
    )
    # An equation may itself reject a parameter or a resolution.
    config.make_equation().shapes(config.resolution)
    return config


def resolve_parameters(equation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of an equation, with the published value of each that is not given.

    Raises:
        InputError: If the equation or a parameter is unknown, or a value has the wrong type.
    """
    equation_class = equations[equation]
    if "name" in given:
        raise InputError(
            f"the equation '{equation}' has no parameter called name; give one of its own, or none",
            kind="unknown",
            key="name",
        )
    parameters = complete_options("equation", {**given, "name": equation}, equation_class)
    del parameters["name"]
    return parameters


def _open_partial_file(path: Path, config: GenerationConfig) -> PartialFile:
    """Open the file so far, or create one that holds everything but its samples."""
    equation = config.make_equation()
    shapes, settings = equation.shapes(config.resolution), asdict(config)

    def create(data: Path) -> None:
        axes = equation.axes(config.resolution)
        attributes = {"isthmus": json.dumps(settings), **equation.attributes}
        equation.layout.create(data, config.samples, shapes, axes, attributes)

    def checksum(data: Path, chunk: int) -> int:
        return equation.layout.checksum(data, _sample_numbers(config, chunk), shapes)

    values = config.samples * sum(map(math.prod, shapes.values()))
    return PartialFile(path, settings, values * FLOAT.itemsize, create, checksum)


def _checked_integer(name: str, value: Any, minimum: int) -> int:
    """Return a value as an int.

    Raises:
        InputError: If it is no integer, or less than the minimum.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise InputError(
            f"the {name} is {value}; give a whole number of at least {minimum}",
            key=name.removeprefix("number of "),
        )
    return int(value)


def _sample_numbers(config: GenerationConfig, chunk: int) -> range:
    """Return the numbers of the samples in a chunk."""
    return range(chunk * CHUNK_SIZE, min((chunk + 1) * CHUNK_SIZE, config.samples))


def _generate_chunk(config: GenerationConfig, data: Path, chunk: int) -> int:
    """Solve a chunk of samples batch by batch, write them to the file and return the chunk's number."""
    equation, numbers = config.make_equation(), _sample_numbers(config, chunk)
    for first in numbers[:: equation.batch_size]:
        batch = range(first, min(first + equation.batch_size, numbers.stop))
        rngs = [numpy_generator(config.seed, "pde", config.equation, number) for number in batch]
        arrays = equation.sample(rngs, config.resolution)
        _check_finite(config, first, arrays)
        equation.layout.write(data, first, arrays)
    return chunk


def _check_finite(config: GenerationConfig, first: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Raise InputError if values do not fit into float32, as where a parameter is far out."""
    for field, array in arrays.items():
        with np.errstate(over="ignore"):
            bad = ~np.isfinite(array.astype(FLOAT)).reshape(len(array), -1).all(1)
        if bad.any():
            raise InputError(
                f"the solution of '{config.equation}' is not finite: '{field}' of sample "
                f"{first + int(bad.argmax())}, with {config.parameters} and resolution {config.resolution}; "
                "give parameters nearer to the published ones",
                key=config.equation,
            )


def _generate_chunks(
    config: GenerationConfig, data: Path, chunks: list[int], processes: int
) -> Iterator[int]:
    """Generate chunks, possibly in parallel; yield the number of each as soon as it is in the file."""
    if min(processes, len(chunks)) <= 1:
        yield from (_generate_chunk(config, data, chunk) for chunk in chunks)
        return
    pool = ProcessPoolExecutor(
        min(processes, len(chunks)), multiprocessing.get_context("spawn"), initializer=_start_worker
    )
    try:
        futures = [pool.submit(_generate_chunk, config, data, chunk) for chunk in chunks]
        for future in as_completed(futures):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Make this worker end silently on Ctrl-C, and with its parent process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()
