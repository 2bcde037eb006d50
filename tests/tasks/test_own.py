"""Code that imports from the former place of the user's own data still runs, with a warning."""

import importlib
import warnings

import pytest

from isthmus.tasks import custom


@pytest.mark.parametrize(
    ("old", "new"),
    [("own_task", "custom_task"), *((name, name) for name in ("Description", "describe", "formats", "load"))],
)
def test_an_old_name_is_the_new_one(old: str, new: str) -> None:
    own = importlib.import_module("isthmus.tasks.own")
    with pytest.warns(DeprecationWarning, match=rf"own\.{old} is now isthmus\.tasks\.custom\.{new}"):
        assert getattr(own, old) is getattr(custom, new)


def test_importing_the_module_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = importlib.reload(importlib.import_module("isthmus.tasks.own"))
    with pytest.raises(AttributeError, match="has no attribute 'unknown'"):
        own.unknown  # noqa: B018
