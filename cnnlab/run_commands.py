"""The commands for runs: what there is, how to end it, and how to go on with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab import console
from cnnlab.errors import CnnlabError
from cnnlab.options import JsonOption, RunArgument, WorkspaceOption, open_place
from cnnlab.workspace import RunFiles, Workspace

if TYPE_CHECKING:
    from cnnlab.runs.runs import Run
    from cnnlab.runs.store import Store

DetachOption = Annotated[bool, typer.Option("--detach", help="Return at once; the run goes on")]

runs_app = typer.Typer(
    help="Runs: list, show, stop, resume, train longer, delete.", invoke_without_command=True
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(runs_app, name="runs")
    app.command("reproduce")(reproduce)


@runs_app.callback()
def runs(
    context: typer.Context, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """List all runs, unless a command follows."""
    if context.invoked_subcommand is None:
        list_(workspace, json)


@runs_app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List all runs, newest first."""
    from cnnlab.runs.runs import list_runs, run_json

    _, store = open_place(workspace)
    rows = [run_json(run) for run in list_runs(store)]
    if json:
        console.print_json(rows)
    else:
        console.print_runs(rows)


@runs_app.command()
def show(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Show one run with its epochs."""
    from cnnlab.runs.runs import get_run

    place, store = open_place(workspace)
    print_run(store, get_run(store, run), json=json, whole_from=place)


@runs_app.command()
def stop(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Ask a run to stop; it ends within a batch and keeps its best model."""
    from cnnlab.runs.jobs import request_stop
    from cnnlab.runs.runs import get_run
    from cnnlab.runs.scheduler import ensure_scheduler

    place, store = open_place(workspace)
    request_stop(store, get_run(store, run).job.id)
    ensure_scheduler(place)
    print_run(store, get_run(store, run), json=json)


@runs_app.command()
def delete(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Delete a run that has ended, with its files."""
    from cnnlab.runs.runs import request_delete
    from cnnlab.runs.scheduler import ensure_scheduler

    place, store = open_place(workspace)
    request_delete(store, run)
    ensure_scheduler(place)
    if json:
        console.print_json({"run": run, "deleted": True})
    else:
        console.say(f"{run} will be gone in a moment.")


@runs_app.command()
def resume(
    run: RunArgument,
    detach: DetachOption = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a run that was stopped or interrupted, from its last finished epoch."""
    from cnnlab.runs.runs import resume_run

    place, store = open_place(workspace)
    resume_run(store, run)
    follow(place, store, run, detach=detach, json=json)


@runs_app.command()
def longer(
    run: RunArgument,
    epochs: Annotated[int, typer.Option(help="How many more epochs", min=1, max=10_000)],
    detach: DetachOption = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Start a new run that goes on from the last epoch of another one."""
    from cnnlab.runs.runs import train_longer

    place, store = open_place(workspace)
    follow(place, store, train_longer(store, run, epochs), detach=detach, json=json)


def reproduce(
    run: RunArgument,
    out: Annotated[Path, typer.Option(help="Folder, or a file that ends in .zip")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write a stand-alone Keras script that gives the same figures without cnnlab."""
    from cnnlab.paths import user_path
    from cnnlab.reports.of_run import reproduction_of
    from cnnlab.reports.reproduce import write_reproduction

    place, store = open_place(workspace)
    target = user_path(out)
    write_reproduction(target, reproduction_of(store, place, run))
    if json:
        console.print_json({"run": run, "out": str(target)})
    else:
        console.say(f"Written to {target}. Its README.md says how to run it.")


def follow(place: Workspace, store: Store, run_id: str, *, detach: bool, json: bool) -> None:
    """Have a run carried out, wait for it unless it is to be left alone, and print it.

    Raises:
        CnnlabError: If the run failed.
    """
    from cnnlab.runs.runs import get_run
    from cnnlab.runs.scheduler import ensure_scheduler

    ensure_scheduler(place)
    run = get_run(store, run_id) if detach else wait(place, store, run_id, quiet=json)
    print_run(store, run, json=json)
    if run.state.final and run.state not in ("completed", "stopped"):
        raise CnnlabError(run.job.reason or run.state, run.job.message or f"The run {run.state}.")


def wait(place: Workspace, store: Store, run_id: str, *, quiet: bool) -> Run:
    """Follow a run to its end; leaving with Ctrl-C leaves the run alone."""
    import time

    from cnnlab.runs.runs import get_run
    from cnnlab.runs.scheduler import ensure_scheduler

    try:
        with console.run_progress(run_id, quiet=quiet) as show_progress:
            while True:
                run = get_run(store, run_id)
                show_progress(run)
                if run.state.final:
                    return run
                ensure_scheduler(place)
                time.sleep(0.2)
    except KeyboardInterrupt:
        console.warn(
            f"The run goes on. Follow it: cnnlab runs show {run_id}. "
            f"Stop it: cnnlab runs stop {run_id}."
        )
        sys.exit(130)


def print_run(store: Store, run: Run, *, json: bool, whole_from: Workspace | None = None) -> None:
    """Print one run, and given its workspace also epochs, data and rule for unknown pictures."""
    from cnnlab.reports.unknown import unknown_facts
    from cnnlab.runs.provenance import data_changes
    from cnnlab.runs.runs import epoch_records, run_json

    document = run_json(run)
    if whole_from is not None:
        document["epochs"] = epoch_records(store, run.id)
        document["data"] = run.results.get("data")
        document["data_changes"] = data_changes(store, run)
        document["rejection"] = unknown_facts(RunFiles(whole_from.run_folder(run.id)))
    if json:
        console.print_json(document)
    else:
        console.print_run(document, run.job.message)
