"""The command that asks whether more pictures would help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cnnlab import console
from cnnlab.errors import CnnlabError
from cnnlab.options import JsonOption, RunArgument, WorkspaceOption, open_place
from cnnlab.run_commands import DetachOption, wait

if TYPE_CHECKING:
    from cnnlab.reports.learning_curve import SharesReport


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("learning-curve")(learning_curve)


def learning_curve(
    run: RunArgument,
    detach: DetachOption = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Train a run's network on 25 % and 50 % of the pictures too: would more pictures help?"""
    from cnnlab.reports.learning_curve import shares_report
    from cnnlab.runs.runs import get_run
    from cnnlab.runs.scheduler import ensure_scheduler
    from cnnlab.runs.shares import share_runs, train_shares

    place, store = open_place(workspace)
    whole = get_run(store, run)
    train_shares(store, whole)
    ensure_scheduler(place)
    if not detach:
        for each in share_runs(store, whole).values():
            wait(place, store, each.id, quiet=json)
    document = _document(run, shares_report(store, place, whole))
    if json:
        console.print_json(document)
    else:
        console.print_learning_curve(document)
    if document["failed"]:
        raise CnnlabError(
            "training-failed",
            f"{len(document['failed'])} trainings on a part of the pictures came to nothing: "
            + " ".join(f"{each}: {said}" for each, said in document["failed"].items()),
        )


def _document(run: str, report: SharesReport) -> dict[str, Any]:
    from cnnlab.evaluation.more_data import gain_sentence

    gain = report.curve.last_gain
    return {
        "run": run,
        "split": report.curve.split,
        "points": [
            {
                "share": point.share,
                "run": point.run_id,
                "training_pictures": point.pictures,
                "accuracy": point.accuracy,
                "interval": list(point.interval),
            }
            for point in report.curve.points
        ],
        "waiting": [each.id for each in report.runs.values() if not each.state.final],
        "failed": {
            each.id: each.job.message or f"It {each.state}."
            for each in report.runs.values()
            if each.state.final and not each.has_model
        },
        "left_out": dict(report.left_out),
        "last_gain": None
        if gain is None
        else {
            "difference": gain.difference,
            "interval": list(gain.interval),
            "p_value": gain.p_value,
        },
        "sentence": gain_sentence(report.curve),
    }
