"""Readers of the user's files, a file for each format, registered under the suffixes that they read.

`formats` holds readers of whole files, `sample_formats` readers of files that hold a single sample, for
folders with a subfolder for each class, and `folder_formats` the layouts of folders.
"""
