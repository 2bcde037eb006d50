"""The ten tasks of NAS-Bench-360 (Tu et al., NeurIPS 2022), one file for each.

A file here that registers a task adds it; deleting the file deletes the task.
"""
