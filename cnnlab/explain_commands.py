"""The command that shows what a network looks at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab import console
from cnnlab.errors import CnnlabError, RunError
from cnnlab.options import JsonOption, RunArgument, WorkspaceOption, follow_job, open_place
from cnnlab.workspace import RunFiles, Workspace

if TYPE_CHECKING:
    from cnnlab.inference.classify import Classification
    from cnnlab.inference.model import LiteModel
    from cnnlab.runs.inspections import Inspection, InspectionRequest
    from cnnlab.runs.runs import Run
    from cnnlab.runs.store import Store

DOCUMENT = "explain.json"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("explain")(explain)


def explain(
    run: RunArgument,
    paths: Annotated[list[Path], typer.Argument(help="Pictures, and folders of pictures")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures and explain.json")],
    class_name: Annotated[
        str | None, typer.Option("--class", help="Class to explain; else the one it was taken for")
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(help="Also write what this layer makes of each picture; or: filters"),
    ] = None,
    opacity: Annotated[float, typer.Option(help="Of the heat map", min=0, max=1)] = 0.55,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Show where in pictures a network finds what speaks for a class."""
    from cnnlab.datasets.photos import photos_at
    from cnnlab.inference.classify import classify
    from cnnlab.inference.model import load_model
    from cnnlab.paths import user_path
    from cnnlab.runs.inspections import FILTERS
    from cnnlab.runs.runs import get_run

    place, store = open_place(workspace)
    found = get_run(store, run)
    model = load_model(RunFiles(place.run_folder(run)))
    class_index = _class_index(model, class_name)
    photos, folder = photos_at(paths), user_path(out)
    rows: list[dict[str, Any]] = []
    inside: dict[str, Any] | None = None
    with console.progress("explaining", quiet=json) as report:
        for photo, answer in zip(photos, classify(model, photos), strict=True):
            row = _explained(model, answer, class_index, folder, len(rows) + 1, opacity)
            if layer is not None and "error" not in row:
                if inside is None or layer != FILTERS:  # those are the same for every picture
                    inside = _looked_into(place, store, found, layer, Path(photo.name), folder, row)
                row |= inside
            rows.append(row)
            report(len(rows), len(photos))
    _write(folder, rows)
    if json:
        console.print_json(rows)
    else:
        _print(rows, folder)
    failed = [row for row in rows if "error" in row]
    if not rows or len(failed) == len(rows):
        raise CnnlabError("nothing-readable", "None of the files could be read as a picture.")


def _class_index(model: LiteModel, name: str | None) -> int | None:
    names = model.facts.class_names
    if name is None:
        return None
    if name not in names:
        raise RunError(
            "unknown-class",
            f"The class must be one of the network's. Received: {name!r}. Choose one of: "
            f"{', '.join(names)}.",
        )
    return names.index(name)


def _explained(
    model: LiteModel,
    answer: Classification,
    class_index: int | None,
    folder: Path,
    number: int,
    opacity: float,
) -> dict[str, Any]:
    """A picture's answer, with its pictures written; or the reason why there is none."""
    from cnnlab.figures.heat import overlay
    from cnnlab.inference.heat_maps import heat_map

    row = answer.to_json()
    if answer.probabilities is None or answer.seen is None:
        return row
    del row["verdict"]
    wanted = int(answer.probabilities.argmax()) if class_index is None else class_index
    found = heat_map(model, answer.seen, wanted)
    stem = f"{number:04d}-{Path(answer.name).stem[:60]}"
    seen, heat = f"{stem}.seen.png", f"{stem}.heat.png"
    _save(folder / seen, answer.seen)
    _save(folder / heat, overlay(answer.seen, found.values, opacity))
    return row | {
        "explained_class": model.facts.class_names[wanted],
        "method": found.method.value,
        "blank": found.blank,
        "seen": seen,
        "heat": heat,
    }


def _looked_into(
    place: Workspace,
    store: Store,
    run: Run,
    layer: str,
    picture: Path,
    folder: Path,
    row: dict[str, Any],
) -> dict[str, Any]:
    """What a layer makes of the picture, as one sheet.

    Raises:
        CnnlabError: If the worker could not do it.
    """
    from cnnlab.figures.sheets import compose
    from cnnlab.runs.inspections import FILTERS, request_filters, request_maps

    files = RunFiles(place.run_folder(run.id))
    if layer == FILTERS:
        request, name = request_filters(files), "filters.png"
    else:
        request = request_maps(files, layer, picture.resolve())
        name = str(row["heat"]).replace(".heat.png", f".{layer.replace('/', '-')}.png")
    found = _ask(place, store, run, request)
    _save(folder / name, compose(found.pictures, min(8, len(found.pictures))))
    return {
        "layer": found.layer,
        "layer_shape": list(found.shape),
        "channels": found.channels.tolist(),
        "sheet": name,
    }


def _ask(place: Workspace, store: Store, run: Run, request: InspectionRequest) -> Inspection:
    """What is known already, or what a worker finds; waits for it.

    Raises:
        CnnlabError: With the worker's reason, if it could not do it.
    """
    from cnnlab.runs.inspections import read_inspection, submit_inspection

    files = RunFiles(place.run_folder(run.id))
    found = read_inspection(files, request)
    if found is not None:
        return found
    job = follow_job(place, store, submit_inspection(store, run, request), lambda *_: None)
    found = read_inspection(files, request)
    if found is None:
        raise CnnlabError(job.reason or job.state, job.message or f"The job {job.state}.")
    return found


def _save(file: Path, pixels: Any) -> None:
    """Write a picture as PNG, all or nothing.

    Raises:
        WorkspaceError: If the disk is full or the folder cannot be written to.
    """
    from PIL import Image

    from cnnlab.workspace import write_atomically

    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    write_atomically(file, lambda opened: image.save(opened, "PNG"))


def _write(folder: Path, rows: list[dict[str, Any]]) -> None:
    import json

    from cnnlab.workspace import write_atomically

    text = json.dumps(rows, indent=2).encode()
    write_atomically(folder / DOCUMENT, lambda file: file.write(text))


def _print(rows: list[dict[str, Any]], folder: Path) -> None:
    console.print_rows(
        ("picture", "taken for", "explained", "method"),
        [
            (row["path"], f"{row['error']}: {row['detail']}", "", "")
            if "error" in row
            else (
                row["path"],
                f"{row['label']} {row['probability']:.1%}",
                row["explained_class"] + (" (nothing speaks for it)" if row["blank"] else ""),
                row["method"],
            )
            for row in rows
        ],
        nothing="No files.",
    )
    console.say(f"Written to {folder}.")
