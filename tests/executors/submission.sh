#!/bin/bash

# Parameters
#SBATCH --account=lab
#SBATCH --array=0-2%2
#SBATCH --cpus-per-task=4
#SBATCH --error=FOLDER/grid/slurm/%A_%a_0_log.err
#SBATCH --exclude=node7
#SBATCH --gpus-per-node=1
#SBATCH --job-name=isthmus-grid
#SBATCH --mem=16G
#SBATCH --nodes=1
#SBATCH --open-mode=append
#SBATCH --output=FOLDER/grid/slurm/%A_%a_0_log.out
#SBATCH --partition=gpu
#SBATCH --requeue
#SBATCH --signal=USR2@90
#SBATCH --time=2160
#SBATCH --wckey=submitit

# setup
export OMP_NUM_THREADS=1
module load cuda
source env/bin/activate

# command
export SUBMITIT_EXECUTOR=slurm
srun --unbuffered --output FOLDER/grid/slurm/%A_%a_%t_log.out --error FOLDER/grid/slurm/%A_%a_%t_log.err python -u -m submitit.core._submit FOLDER/grid/slurm
