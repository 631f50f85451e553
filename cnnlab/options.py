"""What several commands share: their options, how they begin, and how they wait for work."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.progress import PhaseProgress
from cnnlab.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from cnnlab.runs.jobs import Job
    from cnnlab.runs.store import Store

POLL_SECONDS = 0.2

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", help="Folder for everything cnnlab makes; else CNNLAB_WORKSPACE, ./workspace"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
DataOption = Annotated[
    str,
    typer.Option(
        "--data", help="Folder, zip, data set id, builtin:digits, builtin:scenes or catalogue:NAME"
    ),
]
DataArgument = Annotated[str, typer.Argument(help="Folder, zip or data set id", metavar="DATA")]
RunArgument = Annotated[str, typer.Argument(help="Id of a run")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="section.field=value, such as training.epochs=5; repeatable"),
]


def open_place(folder: Path | None) -> tuple[Workspace, Store]:
    """The workspace that a command works in, and its store."""
    from cnnlab.runs.store import open_store

    place = open_workspace(folder)
    return place, open_store(place)


def follow_job(place: Workspace, store: Store, job_id: int, report: PhaseProgress) -> Job:
    """Wait for a job to end; leaving with Ctrl-C asks it to stop."""
    from cnnlab.runs import jobs
    from cnnlab.runs.scheduler import ensure_scheduler

    try:
        while not (job := jobs.get_job(store, job_id)).state.final:
            ensure_scheduler(place)
            said = job.progress
            report(said.get("phase") or "waiting", said.get("done", 0), said.get("total", 0))
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        jobs.request_stop(store, job_id)
        raise
    return job
