import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.errors import InputError, unknown


def test_input_error_is_a_value_error():
    with pytest.raises(ValueError, match="what and where"):
        raise InputError("what and where")


def test_the_nearest_known_name_is_suggested():
    error = unknown("task", "ArowHead", ["OSULeaf", "ArrowHead", "digits"])
    assert (
        str(error) == "unknown task 'ArowHead'; did you mean 'ArrowHead'? known: ArrowHead, OSULeaf, digits"
    )


def test_nothing_is_suggested_where_nothing_is_near():
    error = unknown("method", "zzzz", ["pare", "nft"])
    assert str(error) == "unknown method 'zzzz'; known: nft, pare"


def test_a_name_need_not_be_a_string():
    assert str(unknown("key", 7, ["seed"])) == "unknown key '7'; known: seed"


names = st.lists(st.text("abcdefgh-", min_size=1, max_size=8), min_size=1, max_size=6, unique=True)


@given(names, st.text("abcdefgh-", min_size=1, max_size=8))
def test_every_known_name_is_named_in_one_line(known, name):
    message = str(unknown("thing", name, known))
    assert message.endswith("known: " + ", ".join(sorted(known)))
    assert "\n" not in message
    if name in known:
        assert f"did you mean '{name}'?" in message
