"""Solvers that draw and solve the laws of PDEBench and of NAS-Bench-360's Darcy flow, and write their files.

A law is one file here that registers a `Law`. Knows nothing of tasks and networks.
"""

from isthmus.pde.generate import generate
from isthmus.pde.law import Law, laws

__all__ = ["Law", "generate", "laws"]
