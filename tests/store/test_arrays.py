"""Indices into arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isthmus.store.arrays import evenly_spaced


@given(st.integers(1, 300), st.integers(0, 400))
def test_evenly_spaced_indices(length, count):
    index = evenly_spaced(length, count)
    assert len(index) == min(length, max(1, count))
    assert index[0] == 0
    assert len(index) == 1 or index[-1] == length - 1
    gaps = np.diff(index)
    assert len(gaps) == 0 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)
