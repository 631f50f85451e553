"""The command that writes a network for other programs."""

from __future__ import annotations

import json as json_text
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cnnlab import console
from cnnlab.errors import CnnlabError
from cnnlab.options import JsonOption, RunArgument, WorkspaceOption, follow_job, open_place


class Format(StrEnum):
    """The values of --format; `cnnlab.runs.model_exports.ModelFormat` takes longer to import."""

    KERAS = "keras"
    LITERT = "litert"
    LITERT_INT8 = "litert-int8"
    SAVED_MODEL = "savedmodel"
    ONNX = "onnx"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("export")(export)


def export(
    run: RunArgument,
    format_: Annotated[Format, typer.Option("--format", help="What it is to be written as")],
    out: Annotated[Path, typer.Option(help="A folder that does not exist yet, or is empty")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write a run's network for other programs; refused unless it answers as the run's own does."""
    from cnnlab.paths import user_path
    from cnnlab.runs.model_exports import find_model_export, submit_model_export
    from cnnlab.runs.model_formats import ModelFormat
    from cnnlab.runs.runs import get_run
    from cnnlab.workspace import require_free

    target = user_path(out).resolve()
    require_free(target)
    place, store = open_place(workspace)
    model_format = ModelFormat(format_.value)
    job_id = submit_model_export(store, get_run(store, run), model_format)
    with console.phases(quiet=json) as report:
        job = follow_job(place, store, job_id, report)
    found = find_model_export(place, run, model_format)
    if job.state != "completed" or found is None:
        raise CnnlabError(job.reason or job.state, job.message or f"The export {job.state}.")
    found.copy_to(target)
    certificate = found.certificate
    if json:
        console.print_json(
            {
                "run": run,
                "format": model_format.value,
                "out": str(target),
                "bytes": found.folder_bytes,
                "certificate": json_text.loads(certificate.to_json()),
            }
        )
    else:
        console.say(certificate.sentence)
        console.say(f"Written to {target}. README.md says how it is used.")
