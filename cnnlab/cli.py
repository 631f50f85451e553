"""The command line: everything the pages do, for terminals and scripts.

Exit status 0: done. 1: the work failed; standard error names the reason. 2: wrong arguments.
With --json, standard output holds exactly one JSON document and nothing else.
"""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from cnnlab import (
    classify_commands,
    compare_commands,
    console,
    data_commands,
    dataset_commands,
    explain_commands,
    export_commands,
    learning_commands,
    recipe_commands,
    report_commands,
    run_commands,
    serve_commands,
    sweep_commands,
    trial_commands,
)
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.options import (
    DataOption,
    JsonOption,
    RunArgument,
    SetOption,
    WorkspaceOption,
    open_place,
)
from cnnlab.workspace import open_workspace

app = typer.Typer(
    name="cnnlab",
    help="A laboratory for image classifiers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for commands in (
    run_commands,
    classify_commands,
    trial_commands,
    dataset_commands,
    data_commands,
    recipe_commands,
    compare_commands,
    explain_commands,
    export_commands,
    learning_commands,
    report_commands,
    serve_commands,
    sweep_commands,
):
    commands.add_to(app)


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
def train(
    data: DataOption,
    recipe: Annotated[str, typer.Option(help="Name of a recipe, built-in or own")] = "quick",
    assignments: SetOption = None,
    detach: run_commands.DetachOption = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Train a network; waits and shows progress, and the run goes on if you leave."""
    from cnnlab.datasets.selection import select
    from cnnlab.datasets.splits import assign_splits
    from cnnlab.runs.audits import known_pairs
    from cnnlab.runs.own_recipes import chosen_config
    from cnnlab.runs.runs import submit_run
    from cnnlab.runs.scans import scan_place

    place, store = open_place(workspace)
    config = chosen_config(store, recipe, assignments or [])
    with console.phases(quiet=json) as report:
        dataset, index, _ = scan_place(store, place, data, report)
    console.warn_of(index.notes)
    chosen = select(index, config.data, config.split.seed)
    assignment = assign_splits(chosen, config.split, known_pairs(place, dataset, index))
    for warning in assignment.warnings:
        console.warn(warning)
    run_id = submit_run(store, dataset.id, config)
    run_commands.follow(place, store, run_id, detach=detach, json=json)


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
    from cnnlab.tuning.steering import Steering

    run_scheduler(open_workspace(workspace), Steering)


@app.command(hidden=True)
def worker(kind: Annotated[str, typer.Option()], workspace: WorkspaceOption = None) -> None:
    """Carry out one job whose number comes on standard input; the scheduler starts it."""
    from cnnlab.runs.states import JobKind
    from cnnlab.worker import wait_and_work

    wait_and_work(open_workspace(workspace), JobKind(kind))


@app.command(hidden=True)
def score(
    run: RunArgument,
    pixels: Annotated[str | None, typer.Option()] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Compute a run's final figures with its exported network; the worker starts it."""
    from cnnlab.scorer import main

    main(open_workspace(workspace), run, pixels)


def _fail(error: CnnlabError) -> NoReturn:
    console.complain(error.reason, str(error))
    sys.exit(2 if isinstance(error, ConfigError) else 1)
