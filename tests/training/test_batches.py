"""Batches depend on (seed, epoch, step) alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Dataset

from isthmus.model.evaluation import EvaluationBatches
from isthmus.sources import Source
from isthmus.tasks import Split
from isthmus.training.batches import AHEAD, MadeAhead, TrainingBatches

few = st.integers(1, 6)
SOURCE = Source("s", "image", np.arange(12 * 3, dtype=np.uint8).reshape(12, 3, 1, 1), np.arange(12), ())


def split(n: int) -> Split:
    """Samples that are their own numbers."""
    return Split(np.arange(n, dtype=np.float32)[:, None, None], np.arange(n))


def batches(n, size, steps, *, seed=0, epoch=0, source=None, **device):
    made = TrainingBatches(split(n), source, size, steps, seed=seed, epoch=epoch, **device)
    assert isinstance(made, Dataset)
    return made


def loaded(made, workers=0):
    return list(DataLoader(made, batch_size=None, num_workers=workers))


def test_worker_processes_make_the_same_batches():
    here, elsewhere = (loaded(batches(20, 4, 5, source=SOURCE), workers) for workers in (0, 2))
    for one, other in zip(here, elsewhere, strict=True):
        assert all((a == b).all() for a, b in zip(one[:4], other[:4], strict=True))


@given(n=st.integers(1, 20), size=few, steps=few, seed=few, epoch=few)
def test_every_pass_goes_over_all_samples_once(n, size, steps, seed, epoch):
    drawn = batches(n, size, steps, seed=seed, epoch=epoch)
    listed = [drawn[step] for step in range(len(drawn))]
    assert len(listed) == len(drawn) == steps
    assert all(batch.x.shape == (size, 1, 1) and batch.source_x is None for batch in listed)
    order = np.concatenate([batch.y.numpy() for batch in listed])
    for start in range(0, len(order), n):
        part = order[start : start + n]
        assert len(set(part)) == len(part)
    assert all((batch.x.flatten() == batch.y).all() for batch in listed)


@given(n=st.integers(8, 20), size=few, steps=few, world=st.integers(1, 3), epoch=few)
def test_devices_share_the_batches_of_one(n, size, steps, world, epoch):
    """So many devices at a batch size take the steps of one device at so many times the batch size."""
    one = batches(n, size * world, steps, epoch=epoch).order
    shared = [batches(n, size, steps, epoch=epoch, rank=r, world=world).order for r in range(world)]
    np.testing.assert_array_equal(np.concatenate(shared, 1), one)


def test_draws_are_of_seed_epoch_step_and_device():
    def drawn(**where):
        return [b.y.tolist() + b.source_y.tolist() for b in loaded(batches(20, 8, 4, source=SOURCE, **where))]

    everywhere = [drawn(seed=s, epoch=e, rank=r, world=2) for s in (0, 1) for e in (0, 1) for r in (0, 1)]
    assert len({str(batch) for epoch in everywhere for batch in epoch}) == 8 * 4
    assert everywhere == [
        drawn(seed=s, epoch=e, rank=r, world=2) for s in (0, 1) for e in (0, 1) for r in (0, 1)
    ]


def test_more_steps_begin_with_the_same_samples_of_a_source():
    short, long = (loaded(batches(20, 4, steps, source=SOURCE)) for steps in (2, 5))
    for one, other in zip(short, long, strict=False):
        assert one.source_y.tolist() == other.source_y.tolist()
        assert (one.source_x == other.source_x).all()
        assert one.source_x.shape == (4, 3, 1, 1)


def test_evaluation_batches_are_bounded_in_bytes():
    large = np.broadcast_to(np.float32(0), (10, 1, 2**25))  # 128 MiB a sample
    assert EvaluationBatches(Split(large, np.arange(10))).batch_size == 2
    larger = np.broadcast_to(np.float32(0), (10, 9, 2**25))
    assert EvaluationBatches(Split(larger, np.arange(10))).batch_size == 1
    assert EvaluationBatches(split(10)).batch_size == 64


@given(n=st.integers(1, 300), world=st.integers(1, 4))
def test_evaluation_sees_every_sample_once(n, world):
    shares = [EvaluationBatches(split(n), rank=rank, world=world) for rank in range(world)]
    listed = [list(share) for share in shares]
    assert [len(share) for share in shares] == [len(share) for share in listed]
    seen = [int(y) for share in listed for _, labels in share for y in labels]
    assert sorted(seen) == list(range(n))
    if world == 1:
        assert seen == list(range(n))


def test_batches_that_are_made_ahead_are_the_same():
    made = batches(20, 4, 7, source=SOURCE)
    for one, other in zip(MadeAhead(made), loaded(made), strict=True):
        assert one.weights is other.weights is None
        assert all((a == b).all() for a, b in zip(one[:-1], other[:-1], strict=True))


def test_no_more_are_made_than_may_be_ahead():
    asked = []

    class Counted(TrainingBatches):
        def __getitem__(self, step):
            asked.append(step)
            return super().__getitem__(step)

    for _ in MadeAhead(Counted(split(20), None, 4, 9, seed=0, epoch=0)):
        break
    assert asked == list(range(AHEAD + 1))


def test_a_batch_that_cannot_be_read_is_told():
    class Damaged(TrainingBatches):
        def __getitem__(self, step):
            raise OSError("unreadable")

    with pytest.raises(OSError, match="unreadable"):
        list(MadeAhead(Damaged(split(20), None, 4, 3, seed=0, epoch=0)))
