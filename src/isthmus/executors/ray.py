"""Ray: a task of a cluster for each piece of work, begun again where its node is lost."""

import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from isthmus.errors import InputError
from isthmus.executors.executor import Begun, Ended, Events, Executor, Failure, attempt, executors
from isthmus.extras import check_installed

if TYPE_CHECKING:
    import ray

HANDED_ON = ("HF_", "ISTHMUS_", "OMP_NUM_THREADS")
"""How names of variables begin that tasks are given, as they are here"""

PATIENCE = 5.0
"""Seconds in which a cluster must answer"""

POLL = 2.0
"""Seconds to wait for a task, before the cluster is asked again how much fits it"""


@executors.register("ray")
class Ray(Executor):
    """A Ray cluster, whose nodes all see the folder of the grid and have isthmus installed.

    Args:
        address: Address of the cluster; `auto` finds the one that runs here, `local` starts one.
        cpus: Cores of a task.
        gpus: GPUs of a task, also a part of one; by default 1 where the cluster has any.
        retries: Number of times that a task is begun again after its process or its node was lost.

    Raises:
        InputError: If Ray is missing, or no cluster answers.
    """

    def __init__(
        self,
        *,
        address: str = "auto",
        cpus: Annotated[float, Field(gt=0)] = 1,
        gpus: Annotated[float | None, Field(ge=0)] = None,
        retries: Annotated[int, Field(ge=0)] = 10,
    ) -> None:
        check_installed("on=ray", "ray", "ray")
        self.address, self.cpus, self.gpus, self.retries = address, cpus, gpus, retries

    def usual_processes(self) -> None:
        """Leave the number of tasks at a time to what fits the cluster."""

    def run(
        self,
        function: Callable[[Any, Any], object],
        shared: Any,
        pieces: Sequence[Any],
        folder: Path,
        processes: int | None,
    ) -> Events:
        """Call `function(shared, piece)` for every piece in a task of its own.

        As many tasks are handed over as fit the cluster, or as `processes` says. Where it is left early, they
        are killed.
        """
        import ray

        is_ours = _connect(self.address)
        resources: Callable[[], Mapping[str, float]] = ray.cluster_resources
        gpus = self.gpus if self.gpus is not None else min(1, resources().get("GPU", 0))
        task: Any = ray.remote(num_cpus=self.cpus, num_gpus=gpus, max_retries=self.retries)(_call)
        everywhere = ray.put(shared)
        environment = {name: value for name, value in os.environ.items() if name.startswith(HANDED_ON)}
        running: dict[ray.ObjectRef[Any], int] = {}
        waiting = iter(enumerate(pieces))
        left = len(pieces)
        try:
            while left:
                at_once = processes or _fitting(resources(), self.cpus, gpus)
                while len(running) < min(at_once, left):
                    number, piece = next(waiting)
                    yield Begun(number)
                    running[task.remote(function, everywhere, piece, environment)] = number
                done, _ = ray.wait(list(running), timeout=POLL)
                for ref in done:
                    left -= 1
                    yield Ended(running.pop(ref), _outcome(ref))
        finally:
            for ref in running:
                ray.cancel(ref, force=True)
            if is_ours:
                ray.shutdown()


def _fitting(resources: Mapping[str, float], cpus: float, gpus: float) -> int:
    """Return the number of tasks that fit a cluster at a time; at least one, for which it may grow."""
    fitting = resources.get("CPU", 0) // cpus
    if gpus:
        fitting = min(fitting, resources.get("GPU", 0) // gpus)
    return max(1, int(fitting))


def _connect(address: str) -> bool:
    """Connect to a cluster, unless this process is connected; return whether it was done here.

    Raises:
        InputError: If no cluster answers.
    """
    import ray

    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    os.environ.setdefault("RAY_TQDM_PATCH_PRINT", "0")  # it would replace `print` in the whole process
    try:
        host, _, port = address.removeprefix("ray://").rpartition(":")
        if port.isdecimal():  # Ray itself would go on asking for minutes
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        message = f"no Ray answers at address={address}: {reason}; start one with `ray start --head`, or give"
        raise InputError(f"{message} address=local", kind="value", key="executor.address") from None
    return True


def _call(
    function: Callable[[Any, Any], object], shared: Any, piece: Any, environment: Mapping[str, str]
) -> Failure | None:
    """Call a function on one thread, so that results do not depend on the machine; as a task of Ray."""
    os.environ.update(environment)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    return attempt(function, shared, piece)


def _outcome(ref: "ray.ObjectRef[Any]") -> Failure | None:
    """Return None if the piece of a task that has ended is done, else why it failed."""
    import ray

    try:
        failure: Failure | None = ray.get(ref)
    except ray.exceptions.RayError as error:  # it was lost too often
        return Failure(f"Ray gave up on it: {' '.join(str(error).split())[:200]}", str(error))
    return failure
