"""What several commands share: their options, and how they begin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnlab.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from cnnlab.config import RunConfig
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


def chosen_config(store: Store, recipe: str, assignments: list[str] | None) -> RunConfig:
    """The configuration that --recipe and --set name, before any picture is looked at.

    Raises:
        ConfigError: If there is no such recipe or field, or a value breaks its rule.
        NetworkError: If the layers do not fit together.
    """
    from cnnlab.config import change_config, parse_assignments
    from cnnlab.networks.description import describe
    from cnnlab.runs.own_recipes import find_recipe

    config = change_config(find_recipe(store, recipe).config, parse_assignments(assignments or []))
    size = config.data.size
    # Any number of classes fits behind layers that two fit behind.
    describe(config.network, (size, size, config.data.colour.channels), 2)
    return config
