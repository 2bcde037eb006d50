"""Solvers that draw and solve the equations of PDEBench and of NAS-Bench-360's Darcy flow, and write their files.

An equation is one file here that registers an `Equation`. Knows nothing of tasks and networks.
"""

from isthmus.pde.equation import Equation, equations
from isthmus.pde.generate import generate

__all__ = ["Equation", "equations", "generate"]
