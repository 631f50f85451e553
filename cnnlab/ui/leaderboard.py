"""The panels of the Leaderboard page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnlab.reports.comparing import FEWEST, MOST
from cnnlab.reports.leaderboard import (
    FIGURES,
    BoardRow,
    Kind,
    board_rows,
    matching,
    ranked,
    same_pictures,
    varying_fields,
)
from cnnlab.runs.runs import EpochRecord, Run, epochs_by_run, list_runs
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.addressed import choose_many, choose_one, switch, write_text
from cnnlab.ui.board_table import (
    BEST,
    CURVE,
    PLAIN_COLUMNS,
    SEEDS,
    STATE,
    board_csv,
    column_title,
    show_board,
)
from cnnlab.ui.choices import DATA, RUN, RUNS, choose_dataset, remember
from cnnlab.ui.home import try_it_now
from cnnlab.workspace import Workspace

_DEFAULT_COLUMNS = (
    STATE,
    SEEDS,
    "validation_accuracy",
    "test_accuracy",
    "validation_loss",
    CURVE,
    "best_epoch",
    "parameters",
    "seconds",
)
_MOST_KEPT = 5_000


def show() -> None:
    """Draw the page."""
    runs, dataset_id = _runs_of_dataset()
    if not runs:
        _nothing_here(dataset_id)
        return
    chosen = _filtered(runs)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ranked_by, together, only_what_differs = _options()
        rows = ranked(board_rows(chosen, together=together), ranked_by)
        columns = _columns(rows, only_what_differs=only_what_differs)
    if not rows:
        st.info("No run fits this filter.")
        return
    _say(rows, runs, ranked_by)
    ticked = show_board(
        rows,
        _epochs(chosen) if CURVE in columns else {},
        columns,
        ranked_by=ranked_by,
        with_dataset=dataset_id is None,
    )
    _actions(rows, ticked, columns)


def _runs_of_dataset() -> tuple[list[Run], str | None]:
    """Runs of the chosen data set and its id, or all runs and None."""
    with st.container(horizontal=True, vertical_alignment="center"):
        everything = switch(
            "All data sets", "all", default=False, hint="Also those that were removed"
        )
        dataset = None if everything else choose_dataset()
    if dataset is None:
        return list_runs(context.store()), None
    return list_runs(context.store(), dataset_id=dataset.id), dataset.id


def _nothing_here(dataset_id: str | None) -> None:
    if dataset_id is None:
        st.info("No runs yet.")
        try_it_now()
        return
    st.info("No runs on this data set yet.")
    st.page_link(
        frame.TRAIN,
        label="Train a network on it",
        icon=":material/model_training:",
        query_params={DATA: dataset_id},
    )


def _filtered(runs: Sequence[Run]) -> list[Run]:
    """The runs that the user wants to see."""
    text, recipes, states = st.columns([2, 2, 1])
    with text:
        words = write_text("Find", "find", placeholder="quick, or training.epochs=18")
    with recipes:
        names = list(dict.fromkeys(run.recipe for run in runs))
        wanted = choose_many("Recipes", "recipes", names, placeholder="all")
    with states:
        names = list(dict.fromkeys(run.state.value for run in runs))
        in_state = choose_many("States", "states", names, placeholder="all")
    return matching(runs, text=words, recipes=wanted, states=in_state)


def _options() -> tuple[str, bool, bool]:
    """The figure that ranks, whether seeds are one row, whether only what differs is shown."""
    titles = {name: _rank_title(name) for name in FIGURES}
    with st.container(width=300):
        ranked_by = choose_one("Rank by", "rank", titles)
    together = switch(
        "Seeds in one row",
        "together",
        default=True,
        hint="Completed runs that differ by the training's seed only, as mean and spread",
    )
    only_what_differs = switch(
        "Settings that differ",
        "differs",
        default=True,
        hint="Shows each setting that is not the same in all rows, and no other one",
    )
    return ranked_by, together, only_what_differs


def _rank_title(name: str) -> str:
    figure = FIGURES[name]
    return f"{'highest' if figure.higher_is_better else 'lowest'} {figure.title.lower()}"


def _columns(rows: Sequence[BoardRow], *, only_what_differs: bool) -> list[str]:
    """Names of the columns in their order."""
    fields = list(dict.fromkeys(name for row in rows for name in row.fields))
    with st.popover("Columns", icon=":material/view_column:"):
        chosen = choose_many(
            "Columns",
            "columns",
            [*PLAIN_COLUMNS, *FIGURES, *fields],
            default=_DEFAULT_COLUMNS,
            format_option=column_title,
        )
        if only_what_differs:
            st.caption("Settings that are the same in all rows are left out.")
    if not only_what_differs:
        return chosen
    differing = varying_fields(rows)
    settings = [name for name in chosen if name in fields and name in differing]
    plain = [name for name in chosen if name not in fields]
    return [*plain, *dict.fromkeys([*settings, *differing])]


def _say(rows: Sequence[BoardRow], runs: Sequence[Run], ranked_by: str) -> None:
    """How many runs there are, and what their figures cannot be held against."""
    shown = sum(len(row.runs) for row in rows)
    of = f" of {len(runs):,}" if shown < len(runs) else ""
    remarks = [f"{shown:,}{of} runs. Tick rows to open, compare or download them."]
    one_dataset = len({row.run.dataset_id for row in rows}) == 1
    if one_dataset and len(rows) > 1:
        remarks.append(f"{BEST} marks the best value.")
    if not one_dataset:
        remarks.append("Figures of different data sets cannot be held against each other.")
    elif not same_pictures(rows):
        remarks.append(
            "Not all of these networks were judged on the same pictures: the data set, the split "
            "or the choice of pictures was changed between the runs."
        )
    if ranked_by.startswith("test_") and FIGURES[ranked_by].kind in (Kind.SHARE, Kind.LOSS):
        remarks.append(
            "Whoever chooses a network by its test figures makes them too good: choose by the "
            "validation figures, and let the test have the last word."
        )
    st.caption(" ".join(remarks))


def _epochs(runs: Sequence[Run]) -> dict[str, list[EpochRecord]]:
    """The epochs of all runs; those of runs that have ended are read once."""
    kept = _epochs_of_ended_runs(context.workspace())
    if len(kept) > _MOST_KEPT:
        kept.clear()
    keys = {run.id: (run.id, run.job.id) for run in runs}  # a resumed run has another job
    known = {run.id: kept[key] for run in runs if (key := keys[run.id]) in kept}
    read = epochs_by_run(context.store(), [run.id for run in runs if run.id not in known])
    kept.update({keys[run.id]: read[run.id] for run in runs if run.state.final and run.id in read})
    return known | read


@st.cache_resource(show_spinner=False)
def _epochs_of_ended_runs(place: Workspace) -> dict[tuple[str, int], list[EpochRecord]]:
    return {}


def _actions(rows: Sequence[BoardRow], ticked: Sequence[BoardRow], columns: Sequence[str]) -> None:
    """What can be done with the ticked rows."""
    with st.container(horizontal=True):
        if st.button("Open run", icon=":material/monitoring:", disabled=len(ticked) != 1):
            remember(RUN, ticked[0].run.id)
            go(frame.RUN, **{RUN: ticked[0].run.id})
        fits = FEWEST <= len(ticked) <= MOST
        if st.button(
            "Compare these",
            icon=":material/compare_arrows:",
            type="primary",
            disabled=not fits,
            help=f"Tick {FEWEST} to {MOST} rows",
        ):
            go(frame.COMPARE, **{RUNS: ",".join(row.run.id for row in ticked)})
        st.download_button(
            "Download as CSV",
            lambda: board_csv(ticked or rows, columns).encode(),
            file_name="leaderboard.csv",
            mime="text/csv",
            icon=":material/table:",
            help="The ticked rows, or all that are shown",
            on_click="ignore",
        )
