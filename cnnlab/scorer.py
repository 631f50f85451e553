"""The final figures of a run, computed in a process that has never seen the training.

The worker that has trained a network starts this process, which knows only the exported file, the
prepared pictures and which of them was used for what. So what is reported is what the file does.
"""

from __future__ import annotations

import json
import sys
import time

from cnnlab.datasets.pixels import reopen_pixels
from cnnlab.errors import CnnlabError, RunError
from cnnlab.inference.model import load_model
from cnnlab.inference.scoring import score
from cnnlab.runs import jobs
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.jobs import REPORT_SECONDS
from cnnlab.runs.processes import spawn
from cnnlab.runs.run_files import read_split
from cnnlab.runs.runs import get_run
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import RunFiles, Workspace

PHASE = "computing the final figures"
COMMAND = "score"


def score_in_fresh_process(workspace: Workspace, run_id: str, pixel_file: str | None) -> None:
    """Have a run's final figures computed, and wait for it.

    Args:
        workspace: Where the run is.
        run_id: Its network is exported, its split is written.
        pixel_file: Name of the file of prepared pictures, or None where they are streamed.

    Raises:
        RunError: If the process failed; with its own reason if it gave one, else "scoring-ended".
    """
    words = [COMMAND, run_id, "--workspace", str(workspace.root)]
    if pixel_file is not None:
        words += ["--pixels", pixel_file]
    files = RunFiles(workspace.run_folder(run_id))
    with spawn(words, files.log, pipe_output=True) as process:
        said, _ = process.communicate()
    if process.returncode == 0:
        return
    try:
        document = json.loads(said)
        reason, message = str(document["reason"]), str(document["message"])
    except (ValueError, LookupError, TypeError):
        reason = "scoring-ended"
        message = f"The process that computes the final figures ended with {process.returncode}."
    raise RunError(
        reason, f"{message} The trained network is kept: resume the run to compute them again."
    )


def score_run(workspace: Workspace, run_id: str, pixel_file: str | None) -> None:
    """Compute a run's predictions, features and training features; the work of the process.

    Raises:
        CnnlabError: If that fails for a reason that has a name.
    """
    store = open_store(workspace)
    run = get_run(store, run_id)
    files = RunFiles(workspace.run_folder(run_id))
    lite = load_model(files)
    split = read_split(files)
    root = get_dataset(store, run.dataset_id).location
    pixels = reopen_pixels(workspace, root, split, lite.facts.data, pixel_file)
    teller = _Teller(store, run.job.id)
    score(lite, pixels, split, files, seed=run.config.split.seed, progress=teller)
    store.close()


def main(workspace: Workspace, run_id: str, pixel_file: str | None) -> None:
    """Do it, and say on standard output why it failed if it did."""
    try:
        score_run(workspace, run_id, pixel_file)
    except CnnlabError as error:
        print(json.dumps({"reason": error.reason, "message": error.message}))  # noqa: T201
        sys.exit(1)


class _Teller:
    """Notes progress with the run's job a few times a second; a stop request ends nothing here.

    But an interruption does: the worker is gone, and its folder may belong to another one now.
    """

    def __init__(self, store: Store, job_id: int) -> None:
        self._store = store
        self._job_id = job_id
        self._told_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._told_at >= REPORT_SECONDS:
            self._told_at = now
            said = {"phase": PHASE, "done": done, "total": total}
            if jobs.report(self._store, self._job_id, said) is RunState.INTERRUPTED:
                raise jobs.JobStopped
