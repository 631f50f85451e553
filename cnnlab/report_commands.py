"""The command that writes a run's report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnlab import console
from cnnlab.options import JsonOption, RunArgument, WorkspaceOption, open_place
from cnnlab.workspace import write_atomically


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("report")(report)


def report(
    run: RunArgument,
    out: Annotated[Path, typer.Option(help="File that ends in .html, or a folder")],
    card: Annotated[
        Path | None, typer.Option(help="Write the model card too: file that ends in .md, or folder")
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Show pictures of the data set")
    ] = True,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Write a report that is one HTML file, for people who were not there."""
    from cnnlab.reports.html_report import render
    from cnnlab.reports.model_card import FILE_NAME, card_markdown
    from cnnlab.reports.report_data import report_of

    place, store = open_place(workspace)
    facts = report_of(store, place, run, pictures=pictures)
    target = _write(out, f"{run}.html", render(facts))
    beside = None if card is None else _write(card, f"{run}-{FILE_NAME}", card_markdown(facts))
    if json:
        console.print_json(
            {
                "run": run,
                "out": str(target),
                "card": None if beside is None else str(beside),
                "bytes": target.stat().st_size,
                "missing": list(facts.missing),
            }
        )
        return
    for sentence in facts.missing:
        console.warn(sentence)
    console.say(f"Written to {target}. Open it in any browser; it needs no internet.")
    if beside is not None:
        console.say(f"The model card is {beside}.")


def _write(out: Path, name: str, content: str) -> Path:
    """Write a text; a folder, or a name without an ending, gets a file in it.

    Raises:
        PathError: If there can be no such file.
        WorkspaceError: If the disk is full or the place cannot be written to.
    """
    from cnnlab.paths import user_path

    target = user_path(out)
    if target.is_dir() or not target.suffix:
        target /= name
    write_atomically(target, lambda file: file.write(content.encode()))
    return target
