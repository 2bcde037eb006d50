"""Floors: simple predictors, fitted in seconds, that a run is measured against. One file each."""

from typing import TYPE_CHECKING

from isthmus.registry import Registry

if TYPE_CHECKING:
    from isthmus.floors.floor import Floor

__all__ = ["floors"]

floors: "Registry[type[Floor]]" = Registry("floor", "isthmus.floors", variable="floors")
