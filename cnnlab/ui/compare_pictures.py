"""Where two networks disagree: their confusion matrices, and picture by picture."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnnlab.figures.confusion_difference import plot_difference
from cnnlab.figures.text import escape_markdown, percent
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.addressed import choose_one
from cnnlab.ui.charts import show_chart
from cnnlab.ui.choices import run_label
from cnnlab.ui.compared import Paired, paired
from cnnlab.ui.predicted import Card, card_grid

MOST_CARDS = 500

_LOST, _WON = "lost", "won"


def show(runs: Sequence[Run]) -> None:
    """The difference of two matrices, and the pictures that only one network has right.

    Args:
        runs: The reference first; of more than two, the other one is chosen here.

    Raises:
        CnnlabError: If the two cannot be compared.
    """
    first, second = runs[0], _other(runs[1:])
    together = paired(first, second)
    for note in together.notes:
        st.caption(escape_markdown(note))
    matrix, gallery = st.columns([2, 3], gap="large")
    with matrix:
        _difference(first, second, together)
    with gallery:
        _disagreements(first, second, together)


def _other(others: Sequence[Run]) -> Run:
    if len(others) == 1:
        return others[0]
    by_id = {run.id: run for run in others}
    with st.container(width=420):
        chosen = choose_one(
            "With", "with", {run_id: run_label(run) for run_id, run in by_id.items()}
        )
    return by_id[chosen]


def _difference(first: Run, second: Run, together: Paired) -> None:
    confusions = together.pairing.confusions()
    if not (confusions[0] != confusions[1]).any():
        st.caption("Both confusion matrices are the same.")
        return
    show_chart(
        plot_difference(
            *confusions,
            together.pairing.class_names,
            names=(first.id, second.id),
            dark=context.is_dark(),
        ),
        key="compare-difference",
    )


def _disagreements(first: Run, second: Run, together: Paired) -> None:
    """Pictures that only one of the two has right, the other's surest mistake first."""
    pairing = together.pairing
    counts = {
        _LOST: len(pairing.disagreements(first_right=True)),
        _WON: len(pairing.disagreements(first_right=False)),
    }
    side = choose_one(
        "Pictures",
        "side",
        {
            _LOST: f"only {first.id} is right ({counts[_LOST]:,})",
            _WON: f"only {second.id} is right ({counts[_WON]:,})",
        },
    )
    right, wrong = (first, second) if side == _LOST else (second, first)
    if not counts[side]:
        st.caption(
            f"No {together.split.value} picture that {escape_markdown(right.id)} has right and "
            f"{escape_markdown(wrong.id)} has not."
        )
        return
    st.caption(
        f"The surest mistakes of {escape_markdown(wrong.id)} first. In red what it says; below, "
        f"how sure {escape_markdown(right.id)} is of the right class."
    )
    if counts[side] > MOST_CARDS:
        st.caption(f"Of the {counts[side]:,} pictures, the first {MOST_CARDS} are shown.")
    key = f"disagreements-{first.id}-{second.id}-{side}"
    card_grid(first, disagreement_cards(together, first_right=side == _LOST), key=key)


def disagreement_cards(together: Paired, *, first_right: bool) -> list[Card]:
    """Cards of pictures that only one network has right, the other's surest mistakes first."""
    pairing = together.pairing
    sure = pairing.first_sure, pairing.second_sure
    right_sure, wrong_sure = sure if first_right else sure[::-1]
    wrong_said = pairing.second if first_right else pairing.first
    names = pairing.class_names
    return [
        Card(
            path=pairing.paths[place],
            title=f"{names[pairing.true[place]]} → {names[wrong_said[place]]} · "
            f"{percent(float(wrong_sure[place]))}",
            right=False,
            detail=f"right: {percent(float(right_sure[place]))}",
        )
        for place in pairing.disagreements(first_right=first_right)[:MOST_CARDS]
    ]
