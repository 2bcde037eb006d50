"""Solvers for the equations of PDEBench and of NAS-Bench-360's Darcy flow, and the files of their samples.

Each equation is one file that registers an `Equation`. The package depends on neither tasks nor networks.
"""

from isthmus.pde.equation import Equation, equations
from isthmus.pde.generate import generate

__all__ = ["Equation", "equations", "generate"]
