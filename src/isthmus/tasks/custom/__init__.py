"""Tasks from the user's own files, whose contents have the default names or are described by a YAML file.

There is a file here for each format; registering a reader under a suffix adds a format.
"""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.config.description import Description
    from isthmus.tasks.custom.contents import formats
    from isthmus.tasks.custom.description import describe
    from isthmus.tasks.custom.task import custom_task, load

__all__ = ["Description", "custom_task", "describe", "formats", "load"]

__getattr__ = lazy_names(__name__)
