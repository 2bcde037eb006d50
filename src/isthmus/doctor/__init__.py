"""The doctor: looks at what a run has kept, and says in plain words what is wrong and what to try."""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.doctor.finding import Finding, Patient, checks, diagnose

__all__ = ["Finding", "Patient", "checks", "diagnose"]

__getattr__ = lazy_names(__name__)
