"""Checks of the options of methods, with one wording for all of them."""

from isthmus.errors import InputError


def check_at_least(minimum: int, method: str, **options: int | None) -> None:
    """Check that options of a method are not below a minimum; None is always allowed.

    Raises:
        InputError: If one is; it names the method, the option and its value.
    """
    for name, value in options.items():
        if value is not None and value < minimum:
            raise InputError(
                f"{_possessive(method)} {name} is {value}; it is {minimum} or more", key=f"method.{name}"
            )


def check_dropout(method: str, dropout: float) -> None:
    """Check that the dropout rate of a method lies in [0, 1).

    Raises:
        InputError: If it does not.
    """
    if not 0 <= dropout < 1:
        raise InputError(
            f"{_possessive(method)} dropout is {dropout}; it lies in [0, 1)", key="method.dropout"
        )


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"
