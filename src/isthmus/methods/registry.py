"""The registry of methods, which knows their names without importing them."""

from typing import TYPE_CHECKING, Any

from isthmus.registry import LazyRegistry

if TYPE_CHECKING:
    from isthmus.methods.method import Method

methods: "LazyRegistry[type[Method[Any]]]" = LazyRegistry(
    "method", "isthmus.methods", "isthmus.methods.specialists", variable="methods"
)
