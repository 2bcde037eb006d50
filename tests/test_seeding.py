"""Seeds depend on their parts alone, and generators on their seeds."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from isthmus.seeding import derive_seed, numpy_generator, torch_generator

numbers = st.integers(0, 2**32 - 1)
draws = st.tuples(numbers, numbers, numbers, st.text(max_size=8))  # seed, epoch, step, purpose
Parts = tuple[int, int, int, str]


@given(draws)
def test_a_seed_fits_63_bits_and_repeats(parts: Parts) -> None:
    assert derive_seed(*parts) == derive_seed(*parts)
    assert 0 <= derive_seed(*parts) < 2**63


@given(draws, st.integers(0, 3), st.data())
def test_one_other_part_gives_another_seed(parts: Parts, place: int, data: st.DataObject) -> None:
    other: list[int | str] = list(parts)
    other[place] = data.draw(st.text(max_size=8)) if place == 3 else data.draw(numbers)
    assert (derive_seed(*parts) == derive_seed(*other)) == (list(parts) == other)


def test_seeds_are_the_same_on_every_machine() -> None:
    """A saved run is repeated from its config alone: the value is frozen, Python's own hash is not used."""
    code = "from isthmus.seeding import derive_seed; print(derive_seed(0, 3, 7, 'gate'))"
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert int(said.stdout) == derive_seed(0, 3, 7, "gate") == 7511168480987891988


def test_order_and_purpose_matter() -> None:
    seeds = [
        derive_seed(0, 1, "gate"),
        derive_seed(1, 0, "gate"),
        derive_seed(0, 1, "batch"),
        derive_seed(0, 1),
    ]
    assert len(set(seeds)) == 4


def test_negative_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        derive_seed(-1)


def test_draws_do_not_depend_on_what_was_drawn_before() -> None:
    """Step 7's draws, alone and after those of steps 0 to 6 and of the global generators."""
    alone = torch.rand(5, generator=torch_generator(0, 7)), numpy_generator(0, 7).random(5)
    for step in range(7):
        torch.rand(step + 1, generator=torch_generator(0, step))
        numpy_generator(0, step).random(step + 1)
    torch.rand(3)
    after = torch.rand(5, generator=torch_generator(0, 7)), numpy_generator(0, 7).random(5)
    assert torch.equal(alone[0], after[0])
    assert np.array_equal(alone[1], after[1])


def test_making_a_generator_leaves_the_global_ones_alone() -> None:
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state(legacy=True)
    torch.rand(5, generator=torch_generator("x"))
    numpy_generator("x").random(5)
    assert torch.equal(torch_state, torch.get_rng_state())
    np.testing.assert_equal(np.random.get_state(legacy=True), numpy_state)


def test_streams_of_neighbouring_steps_are_unrelated() -> None:
    normal = np.stack([numpy_generator(0, step).standard_normal(2000) for step in range(8)])
    correlations = np.corrcoef(normal)[~np.eye(8, dtype=bool)]
    assert np.abs(correlations).max() < 0.1  # 4.5 standard deviations of independent draws
