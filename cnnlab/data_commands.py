"""Commands on what is in a data set: audit, correct, export-data, cache."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab import console
from cnnlab.dataset_commands import dataset_json
from cnnlab.errors import ConfigError
from cnnlab.options import DataArgument, JsonOption, SetOption, WorkspaceOption, open_place
from cnnlab.paths import user_path

if TYPE_CHECKING:
    from cnnlab.runs.corrections import Step
    from cnnlab.runs.datasets import Dataset


class Action(StrEnum):
    """What `correct` does."""

    EXCLUDE = "exclude"
    RELABEL = "relabel"
    RESTORE = "restore"
    UNDO = "undo"
    LIST = "list"


class Layout(StrEnum):
    """How `export-data` arranges the folders."""

    FLAT = "flat"
    TREE = "tree"


def add_to(app: typer.Typer) -> None:
    """Make these commands part of the command line."""
    app.command()(audit)
    app.command()(correct)
    app.command("export-data")(export_data)
    app.command()(cache)


def audit(data: DataArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Find what is wrong with a data set: broken files, copies, odd pictures, shortcuts."""
    from cnnlab.runs.audits import audit_dataset, findings
    from cnnlab.runs.scans import scan_place

    began = time.monotonic()
    place, store = open_place(workspace)
    with console.phases(quiet=json) as report:
        dataset, index, _ = scan_place(store, place, data, report)
        audit_dataset(place, dataset, index, report)
    console.warn_of(index.notes)
    document = {
        "dataset": dataset.id,
        "images": len(index.frame),
        "usable": len(index.usable),
        "excluded": len(index.readable) - len(index.usable),
        "findings": [finding.to_json() for finding in findings(place, dataset, index)],
        "seconds": round(time.monotonic() - began, 3),
    }
    if json:
        console.print_json(document)
    else:
        console.print_audit(document)


def correct(
    data: DataArgument,
    action: Annotated[Action, typer.Argument(help="What to do")],
    paths: Annotated[
        list[str] | None, typer.Argument(help="Pictures, as scan and audit name them")
    ] = None,
    class_name: Annotated[
        str | None, typer.Option("--class", help="For relabel: the class from now on")
    ] = None,
    step: Annotated[
        int | None, typer.Option(help="For undo: which step, else the last one")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Exclude or relabel pictures, or undo it; the files themselves are never touched."""
    from cnnlab.datasets.edits import Edit
    from cnnlab.runs import corrections
    from cnnlab.runs.datasets import get_dataset, known_dataset

    place, store = open_place(workspace)
    dataset = known_dataset(store, data)
    if action is Action.UNDO:
        corrections.undo(store, place, dataset, step)
    elif action is not Action.LIST:
        chosen = [_relative(dataset, path) for path in paths or []]
        edit = Edit(action.value)
        corrections.correct(store, place, dataset, chosen, edit, class_name)
    console.warn_of(corrections.load_index(store, place, dataset).notes)
    steps = [_step_json(each) for each in corrections.steps(store, dataset.id)]
    if json:
        row = dataset_json(get_dataset(store, dataset.id))
        console.print_json({**row, "steps": steps})
    else:
        console.print_steps(steps)


def export_data(
    data: DataArgument,
    out: Annotated[Path, typer.Option(help="A folder that does not exist yet, or is empty")],
    layout: Annotated[
        Layout, typer.Option(help="Class folders, or train/validation/test with class folders")
    ] = Layout.FLAT,
    assignments: SetOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Copy the corrected data set into a new folder; fractions by --set split.validation=0.2."""
    from cnnlab.config import RunConfig, change_config, parse_assignments
    from cnnlab.datasets.export import ExportLayout
    from cnnlab.runs.exports import ExportRequest, export_dataset
    from cnnlab.runs.scans import scan_place

    changes = parse_assignments(assignments or [])
    unused = [name for name in changes if layout is Layout.FLAT or not name.startswith("split.")]
    if unused:
        raise ConfigError(
            "export-data takes --set split.field=value, and only with --layout tree. "
            f"Received: {', '.join(unused)}."
        )
    split = change_config(RunConfig(recipe="none"), changes).split
    place, store = open_place(workspace)
    request = ExportRequest(target=user_path(out), layout=ExportLayout(layout.value), split=split)
    with console.phases(quiet=json) as report:
        dataset, index, _ = scan_place(store, place, data, report)
        exported = export_dataset(store, place, dataset, request, report)
    console.warn_of([*index.notes, *exported.warnings])
    if json:
        console.print_json(
            {
                "folder": str(exported.folder),
                "files": exported.files,
                "bytes": exported.bytes,
                "counts": exported.counts,
            }
        )
    else:
        console.say(f"{exported.files:,} pictures were written to {exported.folder}.")


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Delete all prepared pictures")] = False,
    budget: Annotated[
        float | None, typer.Option(help="Most that prepared pictures may take, in GB")
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Show what the prepared pictures of all runs take on the disk; change that."""
    from cnnlab.datasets.pixel_cache import GIGABYTE, PixelCache
    from cnnlab.runs.settings import pixel_budget_bytes, set_pixel_budget

    place, store = open_place(workspace)
    pixels = PixelCache(place)
    if budget is not None:
        set_pixel_budget(store, budget)
    freed = pixels.clear() if clear else pixels.make_room(0, pixel_budget_bytes(store))
    document = {
        "files": len(pixels.files()),
        "bytes": pixels.size_bytes(),
        "budget_bytes": pixel_budget_bytes(store),
        "freed_bytes": freed,
    }
    if json:
        console.print_json(document)
    else:
        size, limit = document["bytes"] / GIGABYTE, document["budget_bytes"] / GIGABYTE
        console.say(f"Prepared pictures: {size:,.2f} GB of {limit:,.2f} GB; {freed:,} bytes freed")


def _relative(dataset: Dataset, path: str) -> str:
    """A picture as the index names it, also where it was given with its folder."""
    place = Path(path)
    if place.is_absolute():
        try:
            return place.relative_to(dataset.location).as_posix()
        except ValueError:
            return path
    return place.as_posix()


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "step": step.number,
        "edit": step.edit.value,
        "class": step.class_name,
        "paths": list(step.paths),
        "at": step.at,
    }
