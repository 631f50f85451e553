"""Commands on data sets: scan, datasets, audit, correct, export-data, cache."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab import console
from cnnlab.errors import ConfigError
from cnnlab.options import DataArgument, JsonOption, SetOption, WorkspaceOption, open_place

if TYPE_CHECKING:
    from cnnlab.runs.corrections import Step
    from cnnlab.runs.datasets import Dataset

datasets_app = typer.Typer(
    help="Data sets: list, add, make, put, catalogue, download, rename, move, remove.",
    invoke_without_command=True,
)
PicturesOption = Annotated[list[str], typer.Option(help="CLASS=FOLDER or CLASS=FILE; repeatable")]
NameArgument = Annotated[str, typer.Argument(help="Name of an entry of the catalogue")]


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
    app.add_typer(datasets_app, name="datasets")
    app.command()(scan)
    app.command()(audit)
    app.command()(correct)
    app.command("export-data")(export_data)
    app.command()(cache)


def scan(path: str, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Look at every picture of a folder or zip: what is there, what is broken, what is twice."""
    _scan(path, workspace, json=json)


@datasets_app.callback()
def datasets(
    context: typer.Context, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """List all data sets, unless a command follows."""
    if context.invoked_subcommand is None:
        list_(workspace, json)


@datasets_app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List all data sets, newest first."""
    from cnnlab.runs.datasets import list_datasets

    _, store = open_place(workspace)
    rows = [_dataset_json(dataset) for dataset in list_datasets(store)]
    if json:
        console.print_json(rows)
    else:
        console.print_datasets(rows)


@datasets_app.command()
def add(path: str, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Add a folder (read in place) or a zip (unpacked into the workspace), and look at it."""
    _scan(path, workspace, json=json)


@datasets_app.command()
def make(
    name: str,
    pictures: PicturesOption,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Make a data set class by class, from copies of pictures; then look at it."""
    from cnnlab.runs.made_sets import make_set

    chosen = [_class_and_place(text) for text in pictures]
    place, store = open_place(workspace)
    dataset = make_set(store, place, name, [class_name for class_name, _ in chosen])
    _put(dataset, chosen)
    _scan_known(place, store, dataset, json=json)


@datasets_app.command()
def put(
    data: DataArgument,
    pictures: PicturesOption,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Put copies of more pictures into a set that was made or uploaded; then look at it."""
    from cnnlab.runs.datasets import get_dataset

    chosen = [_class_and_place(text) for text in pictures]
    place, store = open_place(workspace)
    dataset = get_dataset(store, data)
    _put(dataset, chosen)
    _scan_known(place, store, dataset, json=json)


@datasets_app.command()
def catalogue(json: JsonOption = False) -> None:
    """List the data sets that can be downloaded."""
    from cnnlab.datasets.catalogue import CATALOGUE

    rows = [
        {
            "name": entry.name,
            "title": entry.title,
            "summary": entry.summary,
            "images": entry.image_count,
            "bytes": entry.download_bytes,
            "instructions": list(entry.instructions),
        }
        for entry in CATALOGUE.values()
    ]
    if json:
        console.print_json(rows)
    else:
        console.print_catalogue(rows)


@datasets_app.command()
def download(
    name: NameArgument, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Download a data set of the catalogue; a download that was cut off is continued."""
    from cnnlab.runs.datasets import CATALOGUE_PREFIX

    _scan(CATALOGUE_PREFIX + name, workspace, json=json)


@datasets_app.command()
def rename(
    data: DataArgument, name: str, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Give a data set another name; its id stays."""
    from cnnlab.runs.datasets import get_dataset, rename_dataset

    _, store = open_place(workspace)
    rename_dataset(store, get_dataset(store, data).id, name)
    _print_dataset(get_dataset(store, data), json=json)


@datasets_app.command()
def move(
    data: DataArgument, folder: str, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Point a data set to the place that its folder was moved to."""
    from cnnlab.runs.datasets import get_dataset, move_dataset

    place, store = open_place(workspace)
    move_dataset(store, get_dataset(store, data).id, folder)
    _scan_known(place, store, get_dataset(store, data), json=json)


@datasets_app.command()
def remove(data: DataArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Take a data set out of the workspace; its runs stay, a folder read in place stays."""
    from cnnlab.runs.datasets import get_dataset, remove_dataset
    from cnnlab.runs.scheduler import ensure_scheduler

    place, store = open_place(workspace)
    dataset = get_dataset(store, data)
    remove_dataset(store, dataset.id)
    ensure_scheduler(place)  # it deletes what lies in the workspace
    if json:
        console.print_json({"dataset": dataset.id, "removed": True})
    elif dataset.source.owned:
        console.say(f"{dataset.name} and its pictures in the workspace are removed.")
    else:
        console.say(f"{dataset.name} is removed. {dataset.location} stays as it is.")


def audit(data: DataArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Find what is wrong with a data set: broken files, copies, odd pictures, shortcuts."""
    from cnnlab.runs.audits import audit_dataset, findings
    from cnnlab.runs.datasets import add_dataset
    from cnnlab.runs.scans import scan_dataset

    began = time.monotonic()
    place, store = open_place(workspace)
    dataset = add_dataset(store, place, data)
    with console.phases(quiet=json) as report:
        index, _ = scan_dataset(store, place, dataset, report)
        audit_dataset(place, dataset, index, report)
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
    from cnnlab.runs.datasets import get_dataset

    place, store = open_place(workspace)
    dataset = get_dataset(store, data)
    if action is Action.UNDO:
        corrections.undo(store, place, dataset, step)
    elif action is not Action.LIST:
        chosen = [_relative(dataset, path) for path in paths or []]
        edit = Edit(action.value)
        corrections.correct(store, place, dataset, chosen, edit, class_name)
    steps = [_step_json(each) for each in corrections.steps(store, dataset.id)]
    if json:
        row = _dataset_json(get_dataset(store, dataset.id))
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
    from cnnlab.runs.datasets import add_dataset
    from cnnlab.runs.exports import ExportRequest, export_dataset
    from cnnlab.runs.scans import scan_dataset

    changes = parse_assignments(assignments or [])
    split = change_config(RunConfig(recipe="none"), changes).split
    place, store = open_place(workspace)
    dataset = add_dataset(store, place, data)
    request = ExportRequest(target=out, layout=ExportLayout(layout.value), split=split)
    with console.phases(quiet=json) as report:
        scan_dataset(store, place, dataset, report)
        exported = export_dataset(store, place, dataset, request, report)
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


def _class_and_place(text: str) -> tuple[str, Path]:
    class_name, sign, place = text.partition("=")
    if not (class_name.strip() and sign and place.strip()):
        raise ConfigError(
            f"--pictures must be CLASS=FOLDER or CLASS=FILE. Received: {text!r}. Write, for "
            "example, --pictures cup=photos/cups."
        )
    path = Path(place).expanduser()
    if not path.exists():
        raise ConfigError(f"--pictures must name a file or folder that exists. Received: {text!r}.")
    return class_name, path


def _put(dataset: Dataset, chosen: list[tuple[str, Path]]) -> None:
    from cnnlab.runs.made_sets import put_pictures

    for class_name, path in chosen:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else []
        for file in files or [path]:
            with file.open("rb") as content:
                put_pictures(dataset, class_name, [(file.name, content)])


def _scan(path: str, workspace: Path | None, *, json: bool) -> None:
    from cnnlab.runs.datasets import add_dataset

    place, store = open_place(workspace)
    _scan_known(place, store, add_dataset(store, place, path), json=json)


def _scan_known(place: Any, store: Any, dataset: Dataset, *, json: bool) -> None:
    from cnnlab.runs.scans import scan_dataset

    with console.phases(quiet=json) as report:
        _, found = scan_dataset(store, place, dataset, report)
    if json:
        console.print_json(found)
    else:
        console.print_scan(dataset.id, found)


def _relative(dataset: Dataset, path: str) -> str:
    """A picture as the index names it, also where it was given with its folder."""
    place = Path(path)
    if place.is_absolute():
        try:
            return place.relative_to(dataset.location).as_posix()
        except ValueError:
            return path
    return place.as_posix()


def _dataset_json(dataset: Dataset) -> dict[str, Any]:
    summary = dataset.summary or {}
    return {
        "dataset": dataset.id,
        "name": dataset.name,
        "source": dataset.source.value,
        "location": str(dataset.location),
        **{
            name: summary.get(name)
            for name in (
                *("images", "usable", "classes", "problems", "duplicates"),
                *("excluded", "relabelled", "fingerprint"),
            )
        },
    }


def _print_dataset(dataset: Dataset, *, json: bool) -> None:
    row = _dataset_json(dataset)
    if json:
        console.print_json(row)
    else:
        console.print_datasets([row])


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "step": step.number,
        "edit": step.edit.value,
        "class": step.class_name,
        "paths": list(step.paths),
        "at": step.at,
    }
