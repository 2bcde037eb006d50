"""Plug-ins: installed packages that add tasks, sources, embedders, methods, backbones and other named things.

A package says so by entry points of the group `isthmus.plugins`. The name of an entry point is the variable
of a registry, such as `tasks` or `methods`; its value is the module or package whose files register things.
"""

from functools import cache
from importlib.metadata import entry_points
from typing import NamedTuple

GROUP = "isthmus.plugins"


class PlugIn(NamedTuple):
    """An entry point of an installed package.

    Attributes:
        package: Name of the installed package, as pip knows it.
        version: Its version.
        variable: Variable of the registry that it adds to.
        module: Dotted name of the module or package whose files register things.
    """

    package: str
    version: str
    variable: str
    module: str


@cache
def installed() -> tuple[PlugIn, ...]:
    """List the plug-ins that are installed, in the order of their names; none is imported."""
    found = {
        PlugIn(point.dist.name, point.dist.version, point.name, point.module)
        for point in entry_points(group=GROUP)
        if point.dist is not None
    }
    return tuple(sorted(found))


def plug_ins(variable: str) -> list[PlugIn]:
    """List the plug-ins that add to the registry of a variable."""
    return [plug_in for plug_in in installed() if plug_in.variable == variable]
