"""Tasks whose data comes inside a Python package, a file for each package.

A file here that registers a task adds it; deleting the file deletes the task.
"""
