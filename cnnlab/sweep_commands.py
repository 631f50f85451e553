"""The commands about sweeps: many trainings that differ in chosen fields."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab import console
from cnnlab.errors import ConfigError
from cnnlab.options import DataOption, JsonOption, SetOption, WorkspaceOption, open_place
from cnnlab.run_commands import DetachOption
from cnnlab.workspace import Workspace

if TYPE_CHECKING:
    from cnnlab.runs.store import Store
    from cnnlab.tuning.records import Sweep, Trial

POLL_SECONDS = 0.3
OPEN = ("running", "paused")
SweepArgument = Annotated[str, typer.Argument(help="Id of a sweep", metavar="SWEEP")]

sweeps_app = typer.Typer(
    help="Sweeps: list, show, stop, resume, extend, delete; ready-made ones.",
    invoke_without_command=True,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sweep")(sweep)
    app.add_typer(sweeps_app, name="sweeps")


def sweep(
    data: DataOption,
    recipe: Annotated[
        str | None, typer.Option(help="What the trials have in common; `quick` by default")
    ] = None,
    space: Annotated[
        Path | None, typer.Option(help="JSON file: fields and their values or ranges")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="A ready-made sweep; `sweeps presets` lists them")
    ] = None,
    assignments: SetOption = None,
    sampler: Annotated[str | None, typer.Option(help="grid, random or tpe; tpe by default")] = None,
    trials: Annotated[int | None, typer.Option(help="How many; a grid makes all", min=1)] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            help="validation_loss, validation_accuracy, parameters, latency_ms, ..; twice for a "
            "trade-off"
        ),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="End trials early that are behind: --pruner halving")
    ] = False,
    pruner: Annotated[str | None, typer.Option(help="none, median or halving")] = None,
    at_once: Annotated[
        int | None, typer.Option(help="Trials at a time; by default one for each core, to 4", min=1)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the search", min=0)] = None,
    name: Annotated[str, typer.Option(help="For people")] = "",
    detach: DetachOption = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Train many networks that differ in chosen fields, and find the best."""
    from cnnlab.config import change_config, parse_assignments
    from cnnlab.runs.own_recipes import find_recipe
    from cnnlab.runs.scans import scan_place
    from cnnlab.tuning.plan import MOST_TRIALS, PrunerName, SamplerName
    from cnnlab.tuning.planning import make_plan
    from cnnlab.tuning.presets import find_preset
    from cnnlab.tuning.space import read_space
    from cnnlab.tuning.sweeps import submit_sweep

    place, store = open_place(workspace)
    ready = None if preset is None else find_preset(preset)
    base = find_recipe(store, recipe or (ready.recipe if ready else "quick")).config
    if ready is not None:
        base = change_config(base, ready.changes)
    base = change_config(base, parse_assignments(assignments or []))
    if space is not None:
        document = read_space(space)
    elif ready is not None:
        document = dict(ready.space)
    else:
        raise ConfigError("Say what is to vary: --space FILE, or --preset NAME.")
    chosen = sampler or (ready.sampler if ready else None)
    if trials is None:
        trials = ready.trials if ready else (MOST_TRIALS if chosen == SamplerName.GRID else None)
    if pruner is None:
        pruner = PrunerName.HALVING if prune else (ready.pruner if ready else None)
    plan = make_plan(
        store,
        base,
        document,
        sampler=chosen,
        trials=trials,
        objectives=objective or ([ready.objective] if ready else None),
        pruner=pruner,
        at_once=at_once,
        seed=seed,
    )
    with console.phases(quiet=json) as report:
        dataset, index, _ = scan_place(store, place, data, report)
    console.warn_of(index.notes)
    sweep_id = submit_sweep(store, dataset.id, plan, name=name or preset or "")
    follow(place, store, sweep_id, detach=detach, json=json)


@sweeps_app.callback()
def sweeps(
    context: typer.Context, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """List all sweeps, unless a command follows."""
    if context.invoked_subcommand is None:
        list_(workspace, json)


@sweeps_app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List the sweeps, the newest first."""
    from cnnlab.tuning.records import sweep_json
    from cnnlab.tuning.sweeps import list_sweeps, list_trials

    _, store = open_place(workspace)
    rows = [sweep_json(each, list_trials(store, each.id)) for each in list_sweeps(store)]
    if json:
        console.print_json(rows)
    else:
        console.print_table(
            ("sweep", "name", "state", "trials", "best"),
            [
                (
                    row["sweep"],
                    row["name"],
                    row["state"],
                    f"{sum(trial['state'] not in OPEN for trial in row['trials'])} of "
                    f"{row['wanted']}",
                    "" if row["best"] is None else console.figure(row["best"]["value"]),
                )
                for row in rows
            ],
        )


@sweeps_app.command()
def show(sweep: SweepArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Show one sweep with its trials."""
    place, store = open_place(workspace)
    print_sweep(place, store, sweep, json=json)


@sweeps_app.command()
def presets(json: JsonOption = False) -> None:
    """List the ready-made sweeps."""
    from cnnlab.tuning.presets import PRESETS

    rows = [preset.to_row() for preset in PRESETS.values()]
    if json:
        console.print_json(rows)
    else:
        console.print_table(
            ("name", "trials", "question"),
            [(row["name"], row["trials"], row["question"]) for row in rows],
        )


@sweeps_app.command()
def stop(sweep: SweepArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """End a sweep; what is trained goes on from its last epoch when it is resumed."""
    from cnnlab.runs.scheduler import ensure_scheduler
    from cnnlab.tuning.sweeps import stop_sweep

    place, store = open_place(workspace)
    stopped = stop_sweep(store, sweep)
    ensure_scheduler(place)
    if json:
        console.print_json({"sweep": sweep, "stopped": stopped})
    elif stopped:
        console.say(f"{sweep} makes no more trials. Let it go on: cnnlab sweeps resume {sweep}")
    else:
        console.say(f"{sweep} had ended already.")


@sweeps_app.command()
def resume(
    sweep: SweepArgument,
    detach: DetachOption = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Let a stopped sweep go on."""
    from cnnlab.tuning.sweeps import resume_sweep

    place, store = open_place(workspace)
    resume_sweep(store, sweep)
    follow(place, store, sweep, detach=detach, json=json)


@sweeps_app.command()
def extend(
    sweep: SweepArgument,
    trials: Annotated[int, typer.Option(help="How many more", min=1)],
    detach: DetachOption = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Let a sweep make more trials."""
    from cnnlab.tuning.sweeps import extend_sweep

    place, store = open_place(workspace)
    extend_sweep(store, sweep, trials)
    follow(place, store, sweep, detach=detach, json=json)


@sweeps_app.command("delete")
def delete_(
    sweep: SweepArgument, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Delete a sweep; the runs that it made stay."""
    from cnnlab.runs.scheduler import ensure_scheduler
    from cnnlab.tuning.sweeps import request_delete

    place, store = open_place(workspace)
    request_delete(store, sweep)
    ensure_scheduler(place)
    if json:
        console.print_json({"sweep": sweep, "deleted": True})
    else:
        console.say(f"{sweep} will be gone in a moment; its runs stay.")


def follow(place: Workspace, store: Store, sweep_id: str, *, detach: bool, json: bool) -> None:
    """Have a sweep carried out, wait for it unless it is to be left alone, and print it."""
    from cnnlab.runs.scheduler import ensure_scheduler

    ensure_scheduler(place)
    if not detach:
        _wait(place, store, sweep_id, quiet=json)
    print_sweep(place, store, sweep_id, json=json)


def print_sweep(place: Workspace, store: Store, sweep_id: str, *, json: bool) -> None:
    """Print a sweep with its trials, and what it has found out."""
    from cnnlab.reports.sweep_answer import sweep_answer
    from cnnlab.tuning.records import sweep_json
    from cnnlab.tuning.sweeps import get_sweep, list_trials

    found, trials = get_sweep(store, sweep_id), list_trials(store, sweep_id)
    document: dict[str, Any] = sweep_json(found, trials)
    document["answer"] = sweep_answer(store, place, found, trials)
    if json:
        console.print_json(document)
    else:
        _print_sweep(document)


def _print_sweep(document: Mapping[str, Any]) -> None:
    from cnnlab.config.differences import field_title

    console.say(f"{document['sweep']}: {document['state']}, {document['name']}")
    if document["message"]:
        console.say(document["message"])
    fields = list(dict.fromkeys(name for row in document["trials"] for name in row["parameters"]))
    titles = [field_title(name) for name in fields]
    objectives = [name.replace("_", " ") for name in document["objectives"]]
    console.print_table(
        ("run", *titles, *objectives, "state"),
        [
            (
                row["run"] or f"(trial {row['number'] + 1})",
                *(row["parameters"].get(name, "") for name in fields),
                *(
                    [console.figure(value) for value in row["values"]]
                    or [""] * len(document["objectives"])
                ),
                row["state"],
            )
            for row in document["trials"]
        ],
    )
    for row in document["trials"]:
        if row["message"]:
            console.say(f"  {row['run'] or 'trial ' + str(row['number'] + 1)}: {row['message']}")
    if document["best"] is not None:
        console.say(f"Best: {document['best']['run']}")
    for sentence in document["answer"]:
        console.say(sentence)


def _wait(place: Workspace, store: Store, sweep_id: str, *, quiet: bool) -> None:
    """Follow a sweep to its end; leaving with Ctrl-C leaves it alone."""
    from cnnlab.runs.scheduler import ensure_scheduler
    from cnnlab.tuning.records import SweepState
    from cnnlab.tuning.sweeps import get_sweep, list_trials

    try:
        with console.phases(quiet=quiet) as report:
            while True:
                sweep = get_sweep(store, sweep_id)
                trials = list_trials(store, sweep_id)
                report(_said(sweep, trials), _ended(trials), sweep.wanted)
                if sweep.state is not SweepState.RUNNING:
                    return
                ensure_scheduler(place)
                time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        console.warn(
            f"The sweep goes on. Follow it: cnnlab sweeps show {sweep_id}. "
            f"Stop it: cnnlab sweeps stop {sweep_id}."
        )
        sys.exit(130)


def _said(sweep: Sweep, trials: list[Trial]) -> str:
    from cnnlab.tuning.records import best_trial

    best = best_trial(trials, sweep.plan.objective)
    if best is None or not best.results:
        return f"{sweep.id}: trials"
    return f"{sweep.id}: best {sweep.plan.objective.replace('_', ' ')} {best.results[0]:.4g}"


def _ended(trials: list[Trial]) -> int:
    return sum(not trial.state.open for trial in trials)
