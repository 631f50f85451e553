"""Commands that bring, list and manage data sets: scan, datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab import console
from cnnlab.errors import ConfigError, DatasetError
from cnnlab.options import DataArgument, JsonOption, WorkspaceOption, open_place
from cnnlab.paths import user_path

if TYPE_CHECKING:
    from cnnlab.datasets.index import DatasetIndex
    from cnnlab.runs.datasets import Dataset
    from cnnlab.runs.store import Store
    from cnnlab.workspace import Workspace

datasets_app = typer.Typer(
    help="Data sets: list, add, make, put, catalogue, download, rename, move, remove.",
    invoke_without_command=True,
)
PicturesOption = Annotated[list[str], typer.Option(help="CLASS=FOLDER or CLASS=FILE; repeatable")]
NameArgument = Annotated[str, typer.Argument(help="Name of an entry of the catalogue")]


def add_to(app: typer.Typer) -> None:
    """Make these commands part of the command line."""
    app.add_typer(datasets_app, name="datasets")
    app.command()(scan)


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
    rows = [dataset_json(dataset) for dataset in list_datasets(store)]
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

    chosen = [_class_and_files(text) for text in pictures]
    place, store = open_place(workspace)
    dataset = make_set(store, place, name, [class_name for class_name, _ in chosen])
    _put(place, dataset, chosen)
    _scan_known(place, store, dataset, json=json)


@datasets_app.command()
def put(
    data: DataArgument,
    pictures: PicturesOption,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Put copies of more pictures into a set that was made or uploaded; then look at it."""
    from cnnlab.runs.datasets import known_dataset

    chosen = [_class_and_files(text) for text in pictures]
    place, store = open_place(workspace)
    dataset = known_dataset(store, data)
    _put(place, dataset, chosen)
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
    from cnnlab.runs.sources import CATALOGUE_PREFIX

    _scan(CATALOGUE_PREFIX + name, workspace, json=json)


@datasets_app.command()
def rename(
    data: DataArgument, name: str, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Give a data set another name; its id stays."""
    from cnnlab.runs.datasets import get_dataset, known_dataset, rename_dataset

    _, store = open_place(workspace)
    dataset = known_dataset(store, data)
    rename_dataset(store, dataset.id, name)
    _print_dataset(get_dataset(store, dataset.id), json=json)


@datasets_app.command()
def move(
    data: DataArgument, folder: str, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Point a data set to the place that its folder was moved to."""
    from cnnlab.runs.datasets import get_dataset, known_dataset, move_dataset

    place, store = open_place(workspace)
    dataset = known_dataset(store, data)
    move_dataset(store, dataset.id, folder)
    _scan_known(place, store, get_dataset(store, dataset.id), json=json)


@datasets_app.command()
def remove(data: DataArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Take a data set out of the workspace; its runs stay, a folder read in place stays."""
    from cnnlab.runs.datasets import known_dataset, remove_dataset
    from cnnlab.runs.scheduler import ensure_scheduler

    place, store = open_place(workspace)
    dataset = known_dataset(store, data)
    remove_dataset(store, dataset.id)
    ensure_scheduler(place)  # it deletes what lies in the workspace
    if json:
        console.print_json({"dataset": dataset.id, "removed": True})
    elif dataset.source.owned:
        console.say(f"{dataset.name} and its pictures in the workspace are removed.")
    else:
        console.say(f"{dataset.name} is removed. {dataset.location} stays as it is.")


def dataset_json(dataset: Dataset) -> dict[str, Any]:
    """A data set as the commands print it."""
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
    row = dataset_json(dataset)
    if json:
        console.print_json(row)
    else:
        console.print_datasets([row])


def _class_and_files(text: str) -> tuple[str, list[Path]]:
    """A class and the pictures for it, from CLASS=FOLDER or CLASS=FILE; all names are checked."""
    from cnnlab.datasets.members import is_junk
    from cnnlab.datasets.uploads import check_class_name, check_file_name

    class_name, sign, place = text.partition("=")
    if not (class_name.strip() and sign and place.strip()):
        raise ConfigError(
            f"--pictures must be CLASS=FOLDER or CLASS=FILE. Received: {text!r}. Write, for "
            "example, --pictures cup=photos/cups."
        )
    check_class_name(class_name)
    path = user_path(place.strip())
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    files = [file for file in files if not is_junk(check_file_name(file.name))]
    if not path.exists() or not files:
        raise ConfigError(
            f"--pictures must name a file that exists, or a folder with files. Received: {text!r}."
        )
    return class_name, files


def _put(place: Workspace, dataset: Dataset, chosen: list[tuple[str, list[Path]]]) -> None:
    from cnnlab.runs.made_sets import put_pictures

    for class_name, files in chosen:
        for file in files:
            try:
                with file.open("rb") as content:
                    put_pictures(place, dataset, class_name, [(file.name, content)])
            except OSError as error:
                raise DatasetError(
                    "unreadable-file",
                    f"{file} could not be copied: {error.strerror or error}. What was copied "
                    "before it stays.",
                ) from error


def _scan(path: str, workspace: Path | None, *, json: bool) -> None:
    from cnnlab.runs.scans import scan_place

    place, store = open_place(workspace)
    with console.phases(quiet=json) as report:
        dataset, index, found = scan_place(store, place, path, report)
    _print_scan(dataset, index, found, json=json)


def _scan_known(place: Workspace, store: Store, dataset: Dataset, *, json: bool) -> None:
    from cnnlab.runs.scans import scan_dataset

    with console.phases(quiet=json) as report:
        index, found = scan_dataset(store, place, dataset, report)
    _print_scan(dataset, index, found, json=json)


def _print_scan(
    dataset: Dataset, index: DatasetIndex, found: dict[str, Any], *, json: bool
) -> None:
    console.warn_of(index.notes)
    if json:
        console.print_json(found)
    else:
        console.print_scan(dataset.id, found)
