"""The Hugging Face hub: what is downloaded from it, and what is uploaded to it."""

from collections.abc import Sequence
from pathlib import Path

from isthmus.errors import InputError


def download(name: str, files: Sequence[str]) -> Path:
    """Return the local copy of a repository on the hub; missing files are downloaded.

    Args:
        name: Name of the repository: "user/name".
        files: Patterns of the files that are wanted.

    Raises:
        InputError: If it is neither on this machine nor on a hub in reach.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(files)))
    except (OSError, ValueError) as error:  # all that the hub's client raises, offline or on
        raise InputError(f"the hub gave nothing: {_reason(error)}", kind="unknown", key=name) from None


def upload(folder: Path, name: str, private: bool, message: str) -> str:
    """Upload the files of a folder as a repository, which is made if need be; return its address.

    Args:
        folder: Folder whose files are uploaded.
        name: Name of the repository: "user/name".
        private: Whether a new repository is seen by its owner alone.
        message: Message of the commit.

    Raises:
        InputError: If the name is none, or the hub does not take it: no network, not logged in.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        address = api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, commit_message=message)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the hub did not take '{name}': {_reason(error)}; give user/name, and log in: hf auth login",
            kind="file",
            key=name,
        ) from None
    return str(address)


def _reason(error: Exception) -> str:
    """Return the first sentence of an error of the hub's client."""
    return (str(error) or type(error).__name__).splitlines()[0].split(". ")[0]
