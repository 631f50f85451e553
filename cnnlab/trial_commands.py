"""The commands around a training: trials before it, and its logs in TensorBoard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab import console
from cnnlab.errors import CnnlabError
from cnnlab.options import (
    DataOption,
    JsonOption,
    SetOption,
    WorkspaceOption,
    follow_job,
    open_place,
)
from cnnlab.workspace import open_workspace

if TYPE_CHECKING:
    from cnnlab.runs.trials import Question

RecipeOption = Annotated[str, typer.Option("--recipe", help="Name of a recipe")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("trial")(trial)
    app.command("find-rate")(find_rate)
    app.command("tensorboard")(tensorboard)


def trial(
    data: DataOption,
    recipe: RecipeOption = "quick",
    assignments: SetOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Try a few steps: seconds an epoch, total time, memory, and which precision is faster."""
    from cnnlab.runs.trials import Question

    result = _ask(Question.PACE, data, recipe, assignments, workspace, json=json)
    if json:
        console.print_json(result)
    else:
        console.print_trial(result)


def find_rate(
    data: DataOption,
    recipe: RecipeOption = "quick",
    assignments: SetOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Find a learning rate: raise it step by step and watch the loss."""
    from cnnlab.runs.trials import Question

    result = _ask(Question.RATE, data, recipe, assignments, workspace, json=json)
    if json:
        console.print_json(result)
    elif result["suggestion"] is None:
        console.say("The loss never fell, so no rate can be suggested.")
    else:
        console.say(f"Suggested learning rate: {result['suggestion']:.2g}")


def tensorboard(
    workspace: WorkspaceOption = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one")] = 6006,
    until_idle: Annotated[bool, typer.Option("--until-idle", hidden=True)] = False,
) -> None:
    """Show the logs of all runs in TensorBoard, until Ctrl-C."""
    from cnnlab.runs.tensorboard import serve_logs

    place = open_workspace(workspace)
    serve_logs(place, port, announce=console.say, until_idle=until_idle)


def _ask(
    question: Question,
    data: str,
    recipe: str,
    assignments: list[str] | None,
    workspace: Any,
    *,
    json: bool,
) -> dict[str, Any]:
    """Have a trial carried out and wait for its answer."""
    from cnnlab.runs.own_recipes import chosen_config
    from cnnlab.runs.scans import scan_place
    from cnnlab.runs.trials import TrialRequest, submit_trial, trial_result

    place, store = open_place(workspace)
    config = chosen_config(store, recipe, assignments or [])
    with console.phases(quiet=json) as report:
        dataset, _, _ = scan_place(store, place, data, report)
        job_id = submit_trial(store, dataset.id, TrialRequest.about(question, config))
        job = follow_job(place, store, job_id, report)
    result = trial_result(job)
    if result is None:
        raise CnnlabError(job.reason or job.state, job.message or f"The trial {job.state}.")
    return dict(result)
