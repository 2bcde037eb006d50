"""The hand-designed network of a task: the task names it."""

from torch import nn

from isthmus.baselines.specialist import Specialist
from isthmus.config import RunConfig
from isthmus.errors import InputError
from isthmus.methods import methods
from isthmus.model.base import Spec
from isthmus.tasks import Task


@methods.register("expert")
class Expert(Specialist):
    """The method that the task names as its expert's: row Hand-designed of PaRe's Table 1.

    The run is then one of that method, under its name; options that are given go to it.
    """

    takes = "tasks that name an expert"

    @classmethod
    def fill(cls, config: RunConfig, task: Task) -> RunConfig:
        """The description with the expert in place of this name."""
        if task.expert is None:
            raise InputError(f"the task '{task.name}' names no expert; give another method, such as wrn")
        named = {"name": task.expert} if isinstance(task.expert, str) else dict(task.expert)
        given = {option: value for option, value in config.method.items() if option != "name"}
        config = config.model_copy(update={"method": named | given})
        return methods[named["name"]].fill(config, task)

    def can(self, spec: Spec) -> bool:
        """Never asked: another method does the run."""
        return False

    def body(self, spec: Spec) -> nn.Module:
        """Never asked."""
        raise TypeError("an expert has no body of its own")
