"""Methods: which parameters learn, and what one step costs. One file each."""

from isthmus.methods.method import NONE, Batch, Built, Loss, Method, Step, methods

__all__ = ["NONE", "Batch", "Built", "Loss", "Method", "Step", "methods"]
