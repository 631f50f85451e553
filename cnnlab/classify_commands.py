"""The commands that ask a finished network: about photos, and about whole data sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab import console
from cnnlab.errors import CnnlabError
from cnnlab.options import DataOption, JsonOption, RunArgument, WorkspaceOption, open_place
from cnnlab.workspace import RunFiles, Workspace, aside, explain_os_error

if TYPE_CHECKING:
    from cnnlab.datasets.photos import Photo
    from cnnlab.reports.spreadsheet import Cell
    from cnnlab.runs.store import Store


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("evaluate")(evaluate)
    app.command("classify")(classify)


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


def classify(
    run: RunArgument,
    paths: Annotated[list[Path], typer.Argument(help="Pictures, and folders of pictures")],
    csv: Annotated[
        Path | None,
        typer.Option(help="Also write a table that is safe in a spreadsheet", metavar="FILE"),
    ] = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Say what is in pictures; each file gets its answer or the reason why there is none."""
    from cnnlab.allocator import give_back_memory
    from cnnlab.datasets.photos import photos_at
    from cnnlab.inference.classify import classify as answer
    from cnnlab.inference.model import load_model
    from cnnlab.reports.answer_table import answer_columns, answer_row

    give_back_memory()
    place, store = open_place(workspace)
    model = load_model(_files_of(place, store, run))
    photos = photos_at(paths)
    rows: list[dict[str, Any]] = []

    def answers() -> Iterator[dict[str, Cell]]:
        """A table's row for each photo; nothing but its answer stays in memory."""
        with console.progress("classifying", quiet=json) as report:
            for photo, answered in zip(photos, answer(model, photos), strict=True):
                rows.append(answered.to_json())
                report(len(rows), len(photos))
                yield answer_row(answered, photo.label or _class_folder(photo, paths))

    if csv is None:
        for _ in answers():
            pass
    else:
        _write_table(csv, answer_columns(model.facts.class_names), answers())
    if json:
        console.print_json(rows)
    else:
        console.print_classifications(rows)
    if rows and all("error" in row for row in rows):
        raise CnnlabError("nothing-readable", "None of the files could be read as a picture.")


def _class_folder(photo: Photo, paths: Iterable[Path]) -> str | None:
    """The class that a photo's folder says it shows, below the folder that was named."""
    from cnnlab.datasets.photos import folder_label
    from cnnlab.paths import user_path

    for folder in map(user_path, paths):
        if isinstance(photo.source, Path) and photo.source.is_relative_to(folder):
            return folder_label(PurePosixPath(photo.source.relative_to(folder).as_posix()))
    return None


def _write_table(csv: Path, columns: list[str], rows: Iterable[dict[str, Cell]]) -> None:
    """Write a table, whole or not at all."""
    from cnnlab.paths import user_path
    from cnnlab.reports.spreadsheet import write_csv

    target = user_path(csv)
    with aside(target) as temporary, _explained(target), temporary.open("xb") as file:
        write_csv(file, columns, rows)


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explain_os_error(error, target, "write", "choose another place") from error


def _files_of(place: Workspace, store: Store, run_id: str) -> RunFiles:
    from cnnlab.runs.runs import get_run

    return RunFiles(place.run_folder(get_run(store, run_id).id))
