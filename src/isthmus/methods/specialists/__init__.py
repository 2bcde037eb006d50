"""Specialists: networks and learners made for a field, with nothing pretrained in them. One file each."""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.methods.specialists.specialist_net import SpecialistNet

__all__ = ["SpecialistNet"]

__getattr__ = lazy_names(__name__)
