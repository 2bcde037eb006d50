"""Data sets on disk: from the published files, read once, to one safe layout of memory-mapped arrays.

A data set is a `DataSet`: files and their origins, arrays and what may be in them, how the one becomes the
other, and how a `Task` reads them. `stored(...)` registers a task that has one.
"""

from isthmus.tasks.store.arrays import Array
from isthmus.tasks.store.dataset import DataSet, File, make_task, stored
from isthmus.tasks.store.folder import Store
from isthmus.tasks.store.synthetic import noise
from isthmus.tasks.store.writer import Writer

__all__ = ["Array", "DataSet", "File", "Store", "Writer", "make_task", "noise", "stored"]
