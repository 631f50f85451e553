"""The commands that hold runs against each other: comparison and leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnlab import console
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.options import JsonOption, WorkspaceOption, open_place

if TYPE_CHECKING:
    from cnnlab.reports.comparing import RunComparison
    from cnnlab.reports.leaderboard import BoardRow


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("compare")(compare)
    app.command("leaderboard")(leaderboard)


def compare(
    runs: Annotated[list[str], typer.Argument(help="Ids of two to six runs")],
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Say which network is better on the same held-out pictures, and how sure that is."""
    from cnnlab.reports.comparing import compare_runs

    place, store = open_place(workspace)
    found = compare_runs(store, place, runs)
    if json:
        console.print_json(found.to_json())
    else:
        _print_comparison(found)
    refused = [pair for pair in found.pairs if pair.comparison is None]
    if len(refused) == len(found.pairs):
        raise CnnlabError(refused[0].reason or "not-comparable", refused[0].sentence)


def leaderboard(
    data: Annotated[str | None, typer.Option(help="Id or folder of a data set; else all")] = None,
    sort: Annotated[
        str, typer.Option(help="Figure that ranks, such as validation_loss")
    ] = "validation_accuracy",
    apart: Annotated[
        bool, typer.Option("--apart", help="Seeds in rows of their own, not as mean and spread")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """List runs, the best first; a run repeated over several seeds is one row."""
    from cnnlab.reports.leaderboard import FIGURES, board_rows, ranked, row_json
    from cnnlab.runs.datasets import known_dataset
    from cnnlab.runs.runs import list_runs

    if sort not in FIGURES:
        raise ConfigError(
            f"--sort must name a figure. Received: {sort!r}. Choose one of: {', '.join(FIGURES)}."
        )
    _, store = open_place(workspace)
    dataset_id = None if data is None else known_dataset(store, data).id
    rows = ranked(board_rows(list_runs(store, dataset_id=dataset_id), together=not apart), sort)
    ranks = [number if row.spread(sort) else None for number, row in enumerate(rows, start=1)]
    if json:
        console.print_json([row_json(*pair) for pair in zip(rows, ranks, strict=True)])
    else:
        _print_board(rows, ranks, sort)


def _print_comparison(found: RunComparison) -> None:
    """What differs, then a paragraph for every two runs."""
    from cnnlab.config.differences import field_text

    for name, values in found.differs.items():
        console.say(f"{name}: {', '.join(field_text(value) for value in values)}")
    for pair in found.pairs:
        console.say("")
        console.say(pair.question)
        console.say(pair.sentence)
        if pair.comparison is not None:
            _print_figures(pair.to_json())
        for note in pair.notes:
            console.say(f"  {note}")
    for recipe in found.recipes:
        console.say("")
        console.say(recipe.sentence)


def _print_figures(pair: Mapping[str, Any]) -> None:
    first, second = pair["accuracies"]
    low, high = pair["interval"]
    console.say(
        f"  {pair['images']} {pair['split']} pictures, accuracies {first:.4f} and {second:.4f}, "
        f"difference {pair['difference']:+.4f} ({low:+.4f} to {high:+.4f}), "
        f"p = {pair['p_value']:.4g}"
    )


def _print_board(rows: Sequence[BoardRow], ranks: Sequence[int | None], sort: str) -> None:
    from cnnlab.reports.leaderboard import FIGURES, figure_text

    names = list(dict.fromkeys((sort, "test_accuracy", "validation_accuracy")))
    console.print_rows(
        ("run", "place", "data set", "seeds", *(FIGURES[name].title.lower() for name in names)),
        [
            (
                row.run.id,
                "" if rank is None else rank,
                row.run.dataset_id,
                ", ".join(map(str, row.seeds)),
                *(figure_text(row.spread(name), FIGURES[name].kind) for name in names),
            )
            for row, rank in zip(rows, ranks, strict=True)
        ],
        nothing="No runs yet. Train one: cnnlab train --data builtin:scenes --recipe quick",
    )
