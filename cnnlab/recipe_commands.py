"""Commands for recipes: list, save, delete."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnlab import console
from cnnlab.options import JsonOption, WorkspaceOption, open_place
from cnnlab.workspace import find_workspace

recipes_app = typer.Typer(help="Recipes: list, save, delete.", invoke_without_command=True)
NameArgument = Annotated[str, typer.Argument(help="Name of an own recipe")]


def add_to(app: typer.Typer) -> None:
    """Make these commands part of the command line."""
    app.add_typer(recipes_app, name="recipes")


@recipes_app.callback()
def recipes(
    context: typer.Context, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """List the named starting configurations, unless a command follows."""
    if context.invoked_subcommand is None:
        list_(workspace, json)


@recipes_app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """List the built-in and the own recipes."""
    from cnnlab.networks.recipes import recipe_rows
    from cnnlab.runs.own_recipes import own_recipe_rows

    own = []
    if find_workspace(workspace).store_file.exists():  # a list should not make a workspace
        _, store = open_place(workspace)
        own = own_recipe_rows(store)
    if json:
        console.print_json([*recipe_rows(), *own])
        return
    marked = [{**row, "summary": f"(own) {row['summary']}".strip()} for row in own]
    console.print_recipes([*recipe_rows(), *marked])


@recipes_app.command()
def save(
    name: Annotated[str, typer.Argument(help="Letters, digits, - and _")],
    run: Annotated[str, typer.Option("--run", help="Id of the run whose configuration to keep")],
    summary: Annotated[str, typer.Option(help="What it is, one sentence")] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an own recipe of this name")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Keep a run's configuration as an own recipe."""
    from cnnlab.runs.own_recipes import save_recipe
    from cnnlab.runs.runs import get_run

    _, store = open_place(workspace)
    source = get_run(store, run)
    saved = save_recipe(
        store,
        name,
        source.config,
        summary=summary or f"Configuration of {source.id}.",
        class_count=len(source.results.get("class_names", ())) or 2,
        overwrite=overwrite,
    )
    if json:
        console.print_json({"recipe": saved.name, "saved": True})
    else:
        console.say(f"Saved. Train with it: cnnlab train --recipe {saved.name} --data DATA")


@recipes_app.command()
def delete(name: NameArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Delete an own recipe; runs that were made with it stay."""
    from cnnlab.runs.own_recipes import delete_recipe

    _, store = open_place(workspace)
    delete_recipe(store, name)
    if json:
        console.print_json({"recipe": name, "deleted": True})
    else:
        console.say(f"The recipe {name} is gone.")
