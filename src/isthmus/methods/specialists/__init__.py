"""Specialists: networks and learners made for a field, with nothing pretrained in them. One file each."""

from isthmus.methods.specialists.specialist_net import SpecialistNet

__all__ = ["SpecialistNet"]
