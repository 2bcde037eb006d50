"""Options of commands whose runs are made elsewhere: `--on slurm --cluster partition=gpu,time=60`."""

import re
from collections.abc import Iterable
from typing import Any

from isthmus.errors import InputError

ON = "Where runs are made: local, this machine; slurm or ray, a cluster."
CLUSTER = (
    "Options of that place: partition=gpu,time=60,gpus=1 for Slurm, address=auto,cpus=2 for Ray;"
    " comma-separated, or given several times."
)


def executor_named(on: str, cluster: Iterable[str]) -> dict[str, Any]:
    """Return name and options of an executor, and check that there is such a name.

    Raises:
        InputError: For an unknown name, or an option without a value.
    """
    from isthmus.executors import executors

    executors.check(on)
    part: dict[str, Any] = {"name": on}
    for assignment in (word for words in cluster for word in re.split(r",(?=\w+=)", words)):
        key, equals, value = assignment.partition("=")
        if not equals:
            message = f"'{assignment}' sets nothing; write key=value, such as partition=gpu"
            raise InputError(message, key=assignment)
        part[key.strip()] = value
    return part
