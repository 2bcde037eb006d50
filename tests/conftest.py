"""What every test runs under: one thread, no network, no display, the same examples each time."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from hypothesis import settings

# No deadline: the first call of anything in torch is slow, and says nothing about the property.
settings.register_profile("isthmus", deadline=None, derandomize=True, database=None)
settings.load_profile("isthmus")
