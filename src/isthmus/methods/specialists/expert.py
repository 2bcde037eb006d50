"""The hand-designed network of a task: the task names it."""

from isthmus.methods import NamedByTask, methods


@methods.register("expert")
class Expert(NamedByTask):
    """The method that the task names as its expert's: row Hand-designed of PaRe's Table 1.

    The run is then one of that method, under its name; options that are given go to it.
    """
