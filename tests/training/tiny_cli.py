"""The command line with the tiny task and the tiny sources: python tiny_cli.py fit tiny ..."""

from isthmus.cli import main  # isort: skip # before torch, as in `isthmus`

from conftest import TINY_SOURCES, TINY_TASK

from isthmus import progress
from isthmus.sources.source import sources
from isthmus.tasks import tasks

progress.INTERVAL = 1e9  # however busy the machine is
tasks.register("tiny")(TINY_TASK)
for name, entry in TINY_SOURCES.items():
    sources.register(name)(entry)

if __name__ == "__main__":
    main()
