"""Checkpoints are whole, safe, and give back what went in."""

import math
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from isthmus.training.callbacks import validation_rank
from isthmus.training.checkpoints import SafetensorsIO

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from([torch.float32, torch.int64, torch.uint8, torch.bfloat16, torch.bool]).map(
        lambda dtype: torch.arange(6).reshape(2, 3).to(dtype)
    )
    | st.just(torch.tensor(2.5))
    | st.just(torch.empty(0, 4))
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers() | st.text(), inner, max_size=3),
    max_leaves=8,
)


def same(one, other) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other) and one.dtype == other.dtype
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other and type(one) is type(other)


@given(TREES)
def test_round_trip(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("io") / "folder" / "a.safetensors"
    SafetensorsIO().save_checkpoint({"tree": tree}, path)
    assert same({"tree": tree}, SafetensorsIO().load_checkpoint(path))
    assert [file.name for file in path.parent.iterdir()] == ["a.safetensors"]


def test_any_safetensors_reader_can_read_it(tmp_path):
    path = tmp_path / "a.safetensors"
    SafetensorsIO().save_checkpoint({"state_dict": {"w": torch.ones(2)}, "epoch": 3}, path)
    with safe_open(path, framework="pt") as file:
        assert torch.equal(file.get_tensor("0"), torch.ones(2))
    SafetensorsIO().remove_checkpoint(path)
    assert not path.exists()


def test_what_is_not_plain_is_refused(tmp_path):
    with pytest.raises(TypeError, match="a checkpoint cannot hold a set"):
        SafetensorsIO().save_checkpoint({"a": [{1, 2}]}, tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_no_pickle_is_loaded(tmp_path, refuses):
    torch.save({"state_dict": Bomb()}, tmp_path / "a")
    (tmp_path / "b").write_bytes(pickle.dumps(Bomb()))
    for name in ("a", "b", "none"):
        with refuses("file", tmp_path / name):
            SafetensorsIO().load_checkpoint(tmp_path / name)


def test_a_better_epoch_stands_first():
    nan = math.nan
    order = [(0.1, 2.0), (0.2, 1.0), (0.2, nan), (nan, 0.0)]
    ranks = [validation_rank({"val_error": error, "val_loss": torch.tensor(loss)}) for error, loss in order]
    assert ranks == sorted(ranks)
    assert ranks[0] < ranks[1] < ranks[2] < ranks[3]
