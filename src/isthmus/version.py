"""The version of isthmus, which the package and every result carry."""

__version__ = "0.1.0"
