"""What several commands share: their options, and how they begin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from cnnlab.runs.store import Store

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", help="Folder for everything cnnlab makes; else CNNLAB_WORKSPACE, ./workspace"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
DataOption = Annotated[
    str,
    typer.Option(
        "--data", help="Folder, zip, data set id, builtin:digits, builtin:scenes or catalogue:NAME"
    ),
]
DataArgument = Annotated[str, typer.Argument(help="Folder, zip or data set id", metavar="DATA")]
RunArgument = Annotated[str, typer.Argument(help="Id of a run")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="section.field=value, such as training.epochs=5; repeatable"),
]


def open_place(folder: Path | None) -> tuple[Workspace, Store]:
    """The workspace that a command works in, and its store."""
    from cnnlab.runs.store import open_store

    place = open_workspace(folder)
    return place, open_store(place)
