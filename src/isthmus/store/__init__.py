"""Data sets on disk: from the published files, read once, to one safe layout of memory-mapped arrays.

A data set is a `DataSet`: files and their origins, arrays and what may be in them, and how the one becomes
the other. Knows nothing of what is made of it.
"""

from isthmus.store.arrays import Array
from isthmus.store.dataset import SYNTHETIC, DataSet, File
from isthmus.store.mock import noise
from isthmus.store.store import Store, open_store
from isthmus.store.writer import Writer

__all__ = ["SYNTHETIC", "Array", "DataSet", "File", "Store", "Writer", "noise", "open_store"]
