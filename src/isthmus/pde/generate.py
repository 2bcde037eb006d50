"""Draw and solve an equation many times over, into one file as published."""

import json
import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

from isthmus.config import complete_options
from isthmus.errors import InputError
from isthmus.pde.equation import Equation, equations
from isthmus.pde.layout import FLOAT
from isthmus.pde.partial_file import PartialFile
from isthmus.seeding import numpy_generator

LEAST_RESOLUTION = 16
CHUNK = 16  # samples that a process makes and hands over at a time

Progress = Callable[[int, int], None]
"""(samples done, samples) -> None"""


@dataclass(frozen=True)
class Order:
    """What a file is of, complete, as plain data: enough to make it again.

    Attributes:
        equation: name of the equation.
        parameters: of the equation, all of them.
        samples: how many.
        resolution: points along an axis of space.
        seed: of every draw; sample i is made from (seed, equation, i) and nothing else.
    """

    equation: str
    parameters: dict[str, Any]
    samples: int
    resolution: int
    seed: int

    def make_equation(self) -> Equation:
        """The equation with its parameters."""
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
    """Write a file of samples in the published layout, float32.

    What is done lies in `FILE.unfinished/` until all is: a call that was cut off, made again with the same
    order, goes on where it was, and ends in the same numbers, to the last bit, however many processes.

    Args:
        equation: one of `equations`.
        path: of the file; there must be none yet.
        samples: how many.
        resolution: points along an axis of space; None for the published one.
        seed: of every draw. Sample i does not depend on how many others there are.
        processes: that work in parallel; more than one are started afresh, which a script must allow for
            by `if __name__ == "__main__":`.
        progress: is told (samples done, samples) at the start and after each chunk.
        parameters: of the equation, where they are not the published ones.

    Returns:
        the path.

    Raises:
        InputError: for an unknown equation or parameter, a number that makes no sense, a file that is there, or
            a disk with too little space: before anything is computed.
    """
    path, report = Path(path), progress or (lambda done, samples: None)
    order = make_order(equation, samples, resolution, seed, parameters)
    processes = _whole("number of processes", processes, 1)
    made_by = order.make_equation()
    unfinished = _begin(path, order, made_by)
    chunks = range(math.ceil(order.samples / CHUNK))
    left = [chunk for chunk in chunks if chunk not in unfinished.done]

    def tell() -> None:
        report(sum(len(_numbers(order, chunk)) for chunk in unfinished.done), order.samples)

    tell()
    for chunk in _each_made(order, unfinished.data, left, processes):
        unfinished.add(chunk)
        tell()
    unfinished.finish()
    return path


def make_order(
    equation: str, samples: int, resolution: int | None, seed: int, parameters: dict[str, Any]
) -> Order:
    """What is asked for, checked and complete.

    Raises:
        InputError: as `generate`.
    """
    points = equations[equation].resolution if resolution is None else resolution
    order = Order(
        equation,
        resolve_parameters(equation, parameters),
        _whole("number of samples", samples, 1),
        _whole("resolution", points, LEAST_RESOLUTION),
        _whole("seed", seed, 0),
    )
    order.make_equation().shapes(order.resolution)  # an equation may refuse a parameter or a resolution
    return order


def resolve_parameters(equation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter of an equation: the published value where none is given.

    Raises:
        InputError: for an unknown equation or parameter, or a value that does not fit.
    """
    kind = equations[equation]
    if "name" in given:
        raise InputError(
            f"the equation '{equation}' has no parameter called name; give one of its own, or none"
        )
    parameters = complete_options("equation", {**given, "name": equation}, kind)
    del parameters["name"]
    return parameters


def _begin(path: Path, order: Order, equation: Equation) -> PartialFile:
    """The file so far, or a new one that has everything but its samples."""
    shapes, said = equation.shapes(order.resolution), asdict(order)

    def create(data: Path) -> None:
        axes = equation.axes(order.resolution)
        equation.layout.create(data, order.samples, shapes, axes, {"isthmus": json.dumps(said)})

    values = order.samples * sum(map(math.prod, shapes.values()))
    return PartialFile(path, said, values * FLOAT.itemsize, create)


def _whole(what: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"the {what} is {value}; give a whole number of at least {least}")
    return int(value)


def _numbers(order: Order, chunk: int) -> range:
    """The numbers of a chunk's samples."""
    return range(chunk * CHUNK, min((chunk + 1) * CHUNK, order.samples))


def _make(order: Order, data: Path, chunk: int) -> int:
    """Draw and solve a chunk, a batch after the other, and put it in its place in the file."""
    equation, numbers = order.make_equation(), _numbers(order, chunk)
    for first in numbers[:: equation.batch]:
        batch = range(first, min(first + equation.batch, numbers.stop))
        draws = [numpy_generator(order.seed, "pde", order.equation, number) for number in batch]
        equation.layout.write(data, first, equation.sample(draws, order.resolution))
    return chunk


def _each_made(order: Order, data: Path, chunks: list[int], processes: int) -> Iterator[int]:
    """Make chunks, in parallel; each is given when it is in the file."""
    if min(processes, len(chunks)) <= 1:
        yield from (_make(order, data, chunk) for chunk in chunks)
        return
    pool = ProcessPoolExecutor(
        min(processes, len(chunks)), multiprocessing.get_context("spawn"), initializer=_end_with_parent
    )
    try:
        for made in as_completed([pool.submit(_make, order, data, chunk) for chunk in chunks]):
            yield made.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Let Ctrl-C end a worker without a word, and let none outlive a parent that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
