"""A folder: in a layout that is known, or with a subfolder for each class and a file for each sample."""

from pathlib import Path

from isthmus.tasks.custom.contents import FOLDER, Contents, formats
from isthmus.tasks.custom.sample_folders import class_folders, folder_formats


@formats.register(FOLDER)
def read_folder(path: Path) -> Contents:
    """Read a folder in the layout that it has.

    Args:
        path: Path of the folder.

    Raises:
        InputError: If it has none that is known.
    """
    for read in folder_formats.values():
        contents = read(path)
        if contents is not None:
            return contents
    return class_folders(path)
