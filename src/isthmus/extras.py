"""Packages that only some users have, each with the extra that brings it."""

from importlib.util import find_spec

from isthmus.errors import InputError


def check_installed(what: str, package: str, extra: str) -> None:
    """Raise InputError unless a package is installed; it is not imported.

    Args:
        what: What needs it, for the message: "the logger 'wandb'".
        package: Name that the package is imported by.
        extra: Extra of isthmus that brings it.
    """
    if find_spec(package) is None:
        raise InputError(
            f"{what} needs the package {package}: pip install isthmus[{extra}]",
            kind="dependency",
            key=package,
        )
