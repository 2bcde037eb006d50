"""Methods: which parameters learn, and what one step costs. One file each."""

from isthmus.methods.method import Batch, Loss, Method, Step, methods

__all__ = ["Batch", "Loss", "Method", "Step", "methods"]
