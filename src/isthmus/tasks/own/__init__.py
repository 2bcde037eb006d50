"""The user's own data from files: a description, or the usual names, and it is a `Task`.

A file here for each format; registering a reader under a suffix adds it.
"""

from isthmus.tasks.own.contents import formats
from isthmus.tasks.own.description import Description, describe
from isthmus.tasks.own.task import load, own_task

__all__ = ["Description", "describe", "formats", "load", "own_task"]
