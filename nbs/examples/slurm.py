"""Workers on a SLURM cluster for `patch2loc run --scheduler ADDRESS`: some with a GPU, for trainings; many without, for scoring.

Run it on the login node (in tmux, say) with the project's Python, change the lines in capitals to your cluster's, and start the study from a second shell with the address it prints:

    .venv/bin/python nbs/examples/slurm.py
    .venv/bin/patch2loc run --data-dir /shared/data --out /shared/runs/all --scheduler tcp://...:8786

Data, run folder and this clone must lie on a file system that all nodes see. Ctrl-C ends all jobs; the run can be started again at any time.
"""
import time

from dask_jobqueue.slurm import SLURMCluster, SLURMJob

CPU_WORKERS = 32  # one core each: a block of subjects at a time
GPU_WORKERS = 5  # one GPU each: a fold at a time
CPU_JOB = {"queue": "cpu", "cores": 1, "processes": 1, "memory": "4GB", "walltime": "12:00:00", "worker_extra_args": ["--resources", "CPU=1"],
           "job_script_prologue": ["export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False"]}  # Dask's profiler would keep an hour of call stacks in memory
GPU_JOB = {"queue": "gpu", "cores": 1, "processes": 1, "memory": "16GB", "walltime": "12:00:00", "worker_extra_args": ["--resources", "GPU=1"],
           "job_cpu": 8, "job_extra_directives": ["--gres=gpu:1"]}  # one task at a time, whose kernel uses all 8 cores and the GPU


def start() -> SLURMCluster:
    """Start the scheduler here and submit a job a worker."""
    cluster = SLURMCluster(**CPU_JOB, scheduler_options={"port": 8786, "dashboard_address": ":8787"})
    common = cluster.new_spec["options"]
    for number in range(GPU_WORKERS):  # another kind of job beside the cluster's own
        cluster.worker_spec[f"gpu-{number}"] = {"cls": SLURMJob, "options": common | GPU_JOB}
    for number in range(CPU_WORKERS):
        cluster.worker_spec[f"cpu-{number}"] = {"cls": SLURMJob, "options": common}
    cluster.sync(cluster._correct_state)
    return cluster


if __name__ == "__main__":
    with start() as cluster:
        print(f"patch2loc run --scheduler {cluster.scheduler_address}   dashboard {cluster.dashboard_link}", flush=True)
        while True:
            time.sleep(60)
