"""Trained networks in formats of other programs. A new format is one file.

`ExportedNet` predicts with an exported file and imports no torch.
"""

from typing import TYPE_CHECKING

from isthmus.lazy import lazy_names

if TYPE_CHECKING:
    from isthmus.exports.exported_net import ExportedNet
    from isthmus.exports.exporter import export, exporters

__all__ = ["ExportedNet", "export", "exporters"]

__getattr__ = lazy_names(__name__)
