"""The registry of metrics, which knows their names without importing them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from isthmus.registry import LazyRegistry

if TYPE_CHECKING:
    from torchmetrics import Metric

metrics: "LazyRegistry[Callable[[int], Metric]]" = LazyRegistry("metric", "isthmus.tasks", variable="metrics")
