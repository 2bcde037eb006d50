"""Readers of the user's files, one file for each format; each registers itself under the suffixes that it reads.

`formats` holds readers of whole files, `sample_formats` readers of files that hold a single sample, for folders
with a subfolder for each class, and `folder_formats` the layouts of folders.
"""
