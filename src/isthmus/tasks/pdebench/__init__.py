"""The eight tasks of PDEBench (Takamoto et al., NeurIPS 2022) in the cross-modal setting, a file for each.

A file in this folder that registers a task adds it; deleting the file deletes the task.
"""
