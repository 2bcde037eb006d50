"""Data sets on disk: published files are read once and become memory-mapped arrays in one safe layout.

A data set is a `DataSet`: its files and their origins, its arrays and the values that may be in them, and how
the files become the arrays. This package does not know what tasks and sources make of the arrays.
"""

from isthmus.store.arrays import Array
from isthmus.store.dataset import SYNTHETIC, DataSet, DatasetEntry, File
from isthmus.store.mock import noise
from isthmus.store.store import Store, open_store
from isthmus.store.writer import Writer

__all__ = [
    "SYNTHETIC",
    "Array",
    "DataSet",
    "DatasetEntry",
    "File",
    "Store",
    "Writer",
    "noise",
    "open_store",
]
