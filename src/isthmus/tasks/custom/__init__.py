"""The user's own data from files: a description, or the usual names, and it is a `Task`.

A file here for each format; registering a reader under a suffix adds it.
"""

from isthmus.tasks.custom.contents import formats
from isthmus.tasks.custom.description import Description, describe
from isthmus.tasks.custom.task import custom_task, load

__all__ = ["Description", "custom_task", "describe", "formats", "load"]
