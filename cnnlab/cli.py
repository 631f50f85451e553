"""The command line: everything the pages do, for terminals and scripts.

Exit status 0: done. 1: the work failed; standard error names the reason. 2: wrong arguments.
With --json, standard output holds exactly one JSON document and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cnnlab import console, data_commands, dataset_commands
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.options import (
    DataOption,
    JsonOption,
    RunArgument,
    SetOption,
    WorkspaceOption,
    open_place,
)
from cnnlab.workspace import RunFiles, Workspace, open_workspace

if TYPE_CHECKING:
    from cnnlab.runs.runs import Run
    from cnnlab.runs.store import Store

app = typer.Typer(
    name="cnnlab",
    help="A laboratory for image classifiers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
runs_app = typer.Typer(help="Runs: list, show, stop, delete.", invoke_without_command=True)
app.add_typer(runs_app, name="runs")
dataset_commands.add_to(app)
data_commands.add_to(app)


def main() -> None:
    """Run a command; failures with a name become one line on standard error."""
    console.prepare_output()
    try:
        app(standalone_mode=True)
        sys.stdout.flush()
    except CnnlabError as error:
        _fail(error)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        _fail(CnnlabError("system", f"The system refused something: {error}."))


@app.command()
def recipes(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List the named starting configurations."""
    from cnnlab.networks.recipes import recipe_rows

    rows = recipe_rows()
    if json:
        console.print_json(rows)
    else:
        console.print_recipes(rows)


@app.command()
def train(
    data: DataOption,
    recipe: Annotated[str, typer.Option(help="Name of a recipe")] = "quick",
    assignments: SetOption = None,
    detach: Annotated[bool, typer.Option(help="Return at once; the run goes on")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Train a network; waits and shows progress, and the run goes on if you leave."""
    from cnnlab.config import change_config, parse_assignments
    from cnnlab.datasets.selection import select
    from cnnlab.datasets.splits import assign_splits
    from cnnlab.networks.description import describe
    from cnnlab.networks.recipes import recipe as find_recipe
    from cnnlab.runs.audits import known_pairs
    from cnnlab.runs.runs import get_run, submit_run
    from cnnlab.runs.scans import scan_place
    from cnnlab.runs.scheduler import ensure_scheduler

    config = change_config(find_recipe(recipe).config, parse_assignments(assignments or []))
    place, store = open_place(workspace)
    with console.phases(quiet=json) as report:
        dataset, index, _ = scan_place(store, place, data, report)
    console.warn_of(index.notes)
    chosen = select(index, config.data, config.split.seed)
    assignment = assign_splits(chosen, config.split, known_pairs(place, dataset, index))
    for warning in assignment.warnings:
        console.warn(warning)
    size = config.data.size
    describe(config.network, (size, size, config.data.colour.channels), len(assignment.class_names))
    run_id = submit_run(store, dataset.id, config)
    ensure_scheduler(place)
    run = get_run(store, run_id) if detach else _wait(place, store, run_id, quiet=json)
    _print_run(store, run, json=json)
    if run.state.final and run.state not in ("completed", "stopped"):
        raise CnnlabError(run.job.reason or run.state, run.job.message or f"The run {run.state}.")


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

    _, store = open_place(workspace)
    _print_run(store, get_run(store, run), json=json, with_epochs=True)


@runs_app.command()
def stop(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Ask a run to stop; it ends within a batch and keeps its best model."""
    from cnnlab.runs.jobs import request_stop
    from cnnlab.runs.runs import get_run
    from cnnlab.runs.scheduler import ensure_scheduler

    place, store = open_place(workspace)
    request_stop(store, get_run(store, run).job.id)
    ensure_scheduler(place)
    _print_run(store, get_run(store, run), json=json)


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


@app.command()
def evaluate(
    run: RunArgument, data: DataOption, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Compare a run's network with the folders that pictures lie in."""
    from cnnlab.inference.evaluate import evaluate_index
    from cnnlab.inference.model import load_model
    from cnnlab.runs.scans import scan_place

    place, store = open_place(workspace)
    model = load_model(_files_of(place, store, run))
    with console.phases(quiet=json) as report_phase:
        dataset, index, _ = scan_place(store, place, data, report_phase)
    with console.progress("classifying", quiet=json) as report:
        evaluation, left_out = evaluate_index(model, dataset.location, index, report)
    for name, count in left_out.items():
        console.warn(f"{name}: {count} pictures left out, the network does not know this class.")
    document = {"run": run, **evaluation.to_json()}
    if json:
        console.print_json(document)
    else:
        console.print_evaluation(document)


@app.command()
def classify(
    run: RunArgument,
    paths: Annotated[list[Path], typer.Argument(help="Pictures, and folders of pictures")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Say what is in pictures; each file gets its answer or the reason why there is none."""
    from cnnlab.inference.classify import classify as answer
    from cnnlab.inference.classify import photos_at
    from cnnlab.inference.model import load_model

    place, store = open_place(workspace)
    model = load_model(_files_of(place, store, run))
    photos = photos_at(paths)
    rows: list[dict[str, Any]] = []
    with console.progress("classifying", quiet=json) as report:
        for answered in answer(model, photos):
            rows.append(answered.to_json())
            report(len(rows), len(photos))
    if json:
        console.print_json(rows)
    else:
        console.print_classifications(rows)
    if rows and all("error" in row for row in rows):
        raise CnnlabError("nothing-readable", "None of the files could be read as a picture.")


@app.command("app")
def dashboard(
    workspace: WorkspaceOption = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1")] = 8501,
) -> None:
    """Open the dashboard in the browser."""
    from cnnlab.ui.server import serve_dashboard

    serve_dashboard(open_workspace(workspace), port)


@app.command(hidden=True)
def scheduler(workspace: WorkspaceOption = None) -> None:
    """Start, watch and end jobs; the dashboard and `train` start it by themselves."""
    from cnnlab.runs.scheduler import run_scheduler

    run_scheduler(open_workspace(workspace))


@app.command(hidden=True)
def worker(kind: Annotated[str, typer.Option()], workspace: WorkspaceOption = None) -> None:
    """Carry out one job whose number comes on standard input; the scheduler starts it."""
    from cnnlab.runs.states import JobKind
    from cnnlab.worker import wait_and_work

    wait_and_work(open_workspace(workspace), JobKind(kind))


def _files_of(place: Workspace, store: Store, run_id: str) -> RunFiles:
    from cnnlab.runs.runs import get_run

    return RunFiles(place.run_folder(get_run(store, run_id).id))


def _wait(place: Workspace, store: Store, run_id: str, *, quiet: bool) -> Run:
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


def _print_run(store: Store, run: Run, *, json: bool, with_epochs: bool = False) -> None:
    from cnnlab.runs.provenance import data_changes
    from cnnlab.runs.runs import epoch_records, run_json

    document = run_json(run)
    if with_epochs:
        document["epochs"] = epoch_records(store, run.id)
        document["data"] = run.results.get("data")
        document["data_changes"] = data_changes(store, run)
    if json:
        console.print_json(document)
    else:
        console.print_run(document, run.job.message)


def _fail(error: CnnlabError) -> NoReturn:
    console.complain(error.reason, str(error))
    sys.exit(2 if isinstance(error, ConfigError) else 1)
