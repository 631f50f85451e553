"""Kills the scheduler again and again during a real sweep, and looks at what is left.

    python -m benchmarks.kills [--kills 20] [--trials 12]

The sweep runs on the built-in digits with real workers. At its end: no trial twice, no run trained
twice, as many epochs as were asked for, and study and store agree.
"""

import argparse
import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from cnnlab.config import change_config
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.scheduler import ensure_scheduler
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from cnnlab.tuning import sweeps
from cnnlab.tuning.planning import make_plan
from cnnlab.tuning.records import SweepState
from cnnlab.tuning.study import open_study
from cnnlab.workspace import Workspace, open_workspace

EPOCHS = 6
LONGEST_SECONDS = 1_800


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = open_workspace(Path(folder) / "workspace")
        print(json.dumps(measure(place, options.kills, options.trials, options.seed), indent=1))


def measure(place: Workspace, kills: int, trials: int, seed: int) -> dict[str, Any]:
    store = open_store(place)
    dataset = add_dataset(store, place, "builtin:digits")
    scan_dataset(store, place, dataset)
    base = change_config(
        recipe("conv-grid(1,8,0)").config,
        {"training.epochs": EPOCHS, "data.limit": 60, "data.size": 24},
    )
    space = {
        "network.layer_size": {"low": 4, "high": 32, "log": True},
        "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    }
    plan = make_plan(store, base, space, trials=trials)
    sweep_id = sweeps.submit_sweep(store, dataset.id, plan)
    chance, killed = random.Random(seed), 0
    began_at = time.monotonic()
    while sweeps.get_sweep(store, sweep_id).state is SweepState.RUNNING:
        if time.monotonic() - began_at > LONGEST_SECONDS:
            break
        ensure_scheduler(place)
        time.sleep(chance.uniform(0.3, 4.0) if killed < kills else 1.0)
        if killed < kills:
            for process in schedulers(place):
                os.kill(process.pid, signal.SIGKILL)
                process.wait(10)
                killed += 1
    made = sweeps.list_trials(store, sweep_id)
    study = open_study(plan, place.sweep_journal(sweep_id), made)
    in_study = {number: values for number, (_, _, values) in study.trials().items()}
    states = [runs.get_run(store, str(trial.run_id)).state for trial in made]
    return {
        "seconds": round(time.monotonic() - began_at, 1),
        "kills": killed,
        "sweep": sweeps.get_sweep(store, sweep_id).state.value,
        "trials": len(made),
        "different_values": len({json.dumps(trial.fields) for trial in made}),
        "completed": sum(state is RunState.COMPLETED for state in states),
        "jobs_per_run": sorted({jobs.count_jobs(store, str(trial.run_id)) for trial in made}),
        "runs_in_the_workspace": len(runs.list_runs(store)),
        "epochs": sorted({len(runs.epoch_records(store, str(trial.run_id))) for trial in made}),
        "study_agrees": in_study == {t.number: list(t.results or ()) for t in made},
    }


def schedulers(place: Workspace) -> list[psutil.Process]:
    """The workspace's scheduler, if it runs."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "scheduler" in words and str(place.root) in words:
            found.append(process)
    return found


if __name__ == "__main__":
    main()
