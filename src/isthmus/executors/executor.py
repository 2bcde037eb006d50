"""What an executor is, and the registry of executors."""

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from isthmus.config.parts import as_part
from isthmus.config.validation import complete_options
from isthmus.errors import InputError
from isthmus.processes import free_memory
from isthmus.registry import LazyRegistry

On = str | Mapping[str, Any]
"""Name of an executor, or its name and options: `slurm`, or `{"name": "slurm", "partition": "gpu"}`"""


@dataclass(frozen=True)
class Failure:
    """Why a piece of work did not finish.

    Attributes:
        reason: The reason in one line.
        trace: Traceback, unless the input was wrong.
    """

    reason: str
    trace: str = ""


class Begun(NamedTuple):
    """A piece of work has begun, by its number."""

    number: int


class Ended(NamedTuple):
    """A piece of work has ended, by its number; without a failure, it is done."""

    number: int
    failure: Failure | None


Events = Generator[Begun | Ended, None, None]
"""What begins and ends; closing it ends the work"""


class Executor(ABC):
    """A place where pieces of work are done, several at a time.

    The keyword-only parameters of the constructor are the options of the executor.
    """

    @abstractmethod
    def usual_processes(self) -> int | None:
        """Return the number of calls at a time where none is given; None where the cluster decides."""

    @abstractmethod
    def run(
        self,
        function: Callable[[Any, Any], object],
        shared: Any,
        pieces: Sequence[Any],
        folder: Path,
        processes: int | None,
    ) -> Events:
        """Call `function(shared, piece)` for every piece, each in a process that computes on one thread.

        A process that is lost, with its machine or at a time limit, may be begun again, so the function goes
        on with what it finds. What it prints goes to files in the folder.

        Args:
            function: Function of a module, which other processes import.
            shared: What all calls are given.
            pieces: What each call is given, in the order in which they begin.
            folder: Absolute path of a folder that all processes see.
            processes: Number of calls at a time; None for as many as the cluster lets begin.

        Yields:
            What begins and ends, as soon as it is known; each piece ends once.

        Raises:
            InputError: If no process can begin.
        """


executors: LazyRegistry[type[Executor]] = LazyRegistry("executor", "isthmus.executors", variable="executors")
"""Executors by name"""


def make_executor(on: On) -> Executor:
    """Make the executor that a name, or a name and options, stand for.

    Raises:
        InputError: For an unknown name or option, a value that does not fit, or a package that is missing.
    """
    part: Any = as_part(on)
    if not isinstance(part, Mapping) or not isinstance(part.get("name"), str):
        message = f"on is {on!r}; give the name of an executor, or a name and options"
        raise InputError(message, key="on")
    kind = executors[part["name"]]
    options = complete_options("executor", part, kind)
    del options["name"]
    return kind(**options)


def attempt(function: Callable[[Any, Any], object], shared: Any, piece: Any) -> Failure | None:
    """Call a function; return None if it is done, else why it failed."""
    try:
        function(shared, piece)
    except InputError as error:
        return Failure(str(error))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Failure(reason[:300], traceback.format_exc())
    finally:
        free_memory()
    return None
