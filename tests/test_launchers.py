"""Processes that others have started: what is asked for must be what was started."""

import pytest

from isthmus.launchers import Launched, check_launched, is_first_process, launched, local_rank

TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none", "WORLD_SIZE": "4", "GROUP_WORLD_SIZE": "2", "RANK": "3", "LOCAL_RANK": "1",
}  # fmt: skip
SRUN = {
    "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_NUM_NODES": "2", "SLURM_PROCID": "3",
    "SLURM_LOCALID": "1", "SLURM_NTASKS_PER_NODE": "2",
}  # fmt: skip
BATCH = {"SLURM_JOB_ID": "12", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}
"""What a script of sbatch sees, outside of srun"""


@pytest.fixture
def started(monkeypatch):
    """Sets the variables of a launcher: started(TORCHRUN, RANK="0")."""

    def start(*of_launchers, **more):
        for variables in (*of_launchers, more):
            for name, value in variables.items():
                monkeypatch.setenv(name, value)

    for name in (*TORCHRUN, *SRUN, *BATCH):
        monkeypatch.delenv(name, raising=False)
    return start


@pytest.mark.parametrize(("variables", "name"), [(TORCHRUN, "torchrun"), (SRUN, "srun")])
def test_what_was_started_is_read(variables, name, started):
    assert launched() is None
    assert is_first_process()
    started(variables)
    assert launched() == Launched(name, processes=4, nodes=2, rank=3, local_rank=1)
    assert not is_first_process()
    assert local_rank() == 1
    check_launched(devices=2, nodes=2)


@pytest.mark.parametrize("variables", [BATCH, SRUN | {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}])
def test_one_process_in_a_job_is_on_its_own(variables, started):
    started(variables)
    assert launched() is None
    check_launched(devices=4, nodes=1)  # Lightning starts the others


def test_processes_that_lightning_starts(started):
    started(LOCAL_RANK="1")
    assert not is_first_process()
    assert local_rank() == 1


@pytest.mark.parametrize(("key", "variables", "asked"), [
    ("nodes", {}, (1, 2)),
    ("devices", TORCHRUN | {"RANK": "0"}, (1, 1)),
    ("nodes", TORCHRUN | {"RANK": "0"}, (1, 4)),
    ("nodes", TORCHRUN | {"RANK": "0"}, (1, 2)),
    ("devices", SRUN | {"SLURM_PROCID": "0"}, (4, 1)),
])  # fmt: skip
def test_what_does_not_fit_is_told_in_one_line(key, variables, asked, started, refuses):
    started(variables)
    with refuses("conflict", key):
        check_launched(*asked)


def test_what_lightning_needs_of_srun_is_asked_for(started, refuses, monkeypatch):
    started(SRUN, SLURM_PROCID="0")
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE")
    with refuses("conflict", "nodes"):
        check_launched(2, 2)


def test_only_the_first_process_says_it(started):
    started(TORCHRUN)
    with pytest.raises(SystemExit) as end:
        check_launched(1, 1)
    assert end.value.code == 2
