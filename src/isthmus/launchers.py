"""Processes of one run that torchrun or srun has started, on one machine or on several."""

import os
from dataclasses import dataclass
from typing import NamedTuple

from isthmus.errors import InputError


class Launched(NamedTuple):
    """Processes that a launcher has started.

    Attributes:
        launcher: Name of the launcher.
        processes: Number of processes.
        nodes: Number of machines that they are on.
        rank: Number of this process.
        local_rank: Its number among those of its machine.
    """

    launcher: str
    processes: int
    nodes: int
    rank: int
    local_rank: int


@dataclass(frozen=True)
class Launcher:
    """A program that starts the processes of a run, and the variables by which it tells them so.

    Attributes:
        name: Name of the program.
        detected: Variable that it alone sets.
        processes: Variable with the number of processes.
        nodes: Variable with the number of machines.
        rank: Variable with the number of this process.
        local_rank: Variable with its number among those of its machine.
        needed: Variables that Lightning reads beside these, each with the option that sets it.
    """

    name: str
    detected: str
    processes: str
    nodes: str
    rank: str
    local_rank: str
    needed: tuple[tuple[str, str], ...] = ()

    def launched(self) -> Launched | None:
        """Return what it has started, if this process is one of several."""
        if self.detected not in os.environ:
            return None
        processes, nodes = (int(os.environ.get(name, "1")) for name in (self.processes, self.nodes))
        rank, local_rank = (int(os.environ.get(name, "0")) for name in (self.rank, self.local_rank))
        return Launched(self.name, processes, nodes, rank, local_rank)


LAUNCHERS = (
    Launcher("torchrun", "TORCHELASTIC_RUN_ID", "WORLD_SIZE", "GROUP_WORLD_SIZE", "RANK", "LOCAL_RANK"),
    Launcher(
        "srun", "SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NUM_NODES", "SLURM_PROCID",
        "SLURM_LOCALID",
        (("SLURM_NTASKS_PER_NODE", "--ntasks-per-node"),),
    ),
)  # fmt: skip


def launched() -> Launched | None:
    """Return which processes a launcher has started for this run; None where it started this one alone."""
    found = (launcher.launched() for launcher in LAUNCHERS)
    return next((started for started in found if started and started.processes > 1), None)


def is_first_process() -> bool:
    """Return whether this process is the first of those that train together."""
    started = launched()
    return (started.rank if started else local_rank()) == 0


def local_rank() -> int:
    """Return the number of this process among those of its machine that train together."""
    started = launched()
    return started.local_rank if started else int(os.environ.get("LOCAL_RANK", "0"))  # which Lightning sets


def check_launched(devices: int, nodes: int) -> None:
    """Check that the processes that were started are those that were asked for.

    Args:
        devices: Devices that were asked for on each machine.
        nodes: Machines that were asked for.

    Raises:
        InputError: If they are not, in the first process.
        SystemExit: The same, in the others.
    """
    message = _mismatch(launched(), devices, nodes)
    if message and not is_first_process():
        raise SystemExit(2)  # the first process says why
    if message:
        raise InputError(message, kind="conflict", key="nodes" if nodes > 1 else "devices")


def _mismatch(started: Launched | None, devices: int, nodes: int) -> str | None:
    """Return what does not fit, in one line."""
    asked = f"devices={devices}, nodes={nodes}"
    if started is None:
        if nodes == 1:
            return None
        return (
            f"{asked} need {nodes * devices} processes, and one was started; start them with torchrun"
            f" --nnodes {nodes} --nproc-per-node {devices}, or with srun --nodes {nodes} --ntasks-per-node"
            f" {devices}"
        )
    if (started.processes, started.nodes) != (devices * nodes, nodes):
        each = started.processes // started.nodes
        return (
            f"{started.launcher} has started {started.processes} processes on {started.nodes} machines, and"
            f" {asked} ask for {devices * nodes} on {nodes}; give devices={each}, nodes={started.nodes}"
        )
    launcher = next(launcher for launcher in LAUNCHERS if launcher.name == started.launcher)
    for variable, option in launcher.needed:
        if variable not in os.environ:
            return f"{variable} is not set; give {option} {devices} to {started.launcher}"
    return None
