"""The settings of a run, from what a user writes to what is trained with.

`schema.py` says which settings there are, `files.py` reads and writes them. These two know nothing of the
rest of the package; `resolve.py` completes them for a method and a task.
"""

from isthmus.config.files import assign, read_config, read_settings, read_yaml, write_config
from isthmus.config.parts import MODALITIES
from isthmus.config.schema import RunConfig, make_config
from isthmus.config.signature import Settings
from isthmus.config.validation import complete_options, validated

__all__ = [
    "MODALITIES",
    "RunConfig",
    "Settings",
    "assign",
    "complete_options",
    "make_config",
    "read_config",
    "read_settings",
    "read_yaml",
    "validated",
    "write_config",
]
