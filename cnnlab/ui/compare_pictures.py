"""Where two networks disagree: their confusion matrices, and picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import streamlit as st

from cnnlab.evaluation.pairing import Pairing
from cnnlab.figures.confusion_difference import plot_difference
from cnnlab.figures.text import escape_markdown, percent
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.addressed import choose_one
from cnnlab.ui.charts import show_chart
from cnnlab.ui.choices import run_label
from cnnlab.ui.compared import Paired, paired
from cnnlab.ui.predicted import Card, card_grid

_LOST, _WON = "lost", "won"
_FIRM = "\N{NO-BREAK SPACE}"


def show(runs: Sequence[Run]) -> None:
    """The difference of two matrices, and the pictures that only one network has right.

    Args:
        runs: The reference first; of more than two, the other one is chosen here.

    Raises:
        CnnlabError: If the two cannot be compared.
    """
    first, second = runs[0], _other(runs[1:])
    together = paired(first, second)
    for note in together.verdict.notes:
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
            "Second network", "with", {run_id: run_label(run) for run_id, run in by_id.items()}
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
    lost = DisagreementCards(together.pairing, first_right=True)
    won = DisagreementCards(together.pairing, first_right=False)
    side = choose_one(
        "Pictures",
        "side",
        {
            _LOST: f"only {first.id} is right ({len(lost):,})",
            _WON: f"only {second.id} is right ({len(won):,})",
        },
    )
    cards, right, wrong = (lost, first, second) if side == _LOST else (won, second, first)
    if not cards:
        st.caption(
            f"No {together.split.value} picture that {escape_markdown(right.id)} has right and "
            f"{escape_markdown(wrong.id)} has not."
        )
        return
    st.caption(
        f"The surest mistakes of {escape_markdown(wrong.id)} first. Below each picture: how sure "
        f"it is of its answer, against how sure {escape_markdown(right.id)} is of the right one."
    )
    key = f"disagreements-{first.id}-{second.id}-{side}"
    card_grid(first, cards, key=key)


class DisagreementCards(Sequence[Card]):
    """Cards of pictures that only one network has right, each made when it is asked for.

    Args:
        pairing: What both networks said.
        first_right: It is the first one; else the second one.
    """

    def __init__(self, pairing: Pairing, *, first_right: bool) -> None:
        self._pairing = pairing
        self._said = pairing.second if first_right else pairing.first
        sure = pairing.first_sure, pairing.second_sure
        self._right_sure, self._wrong_sure = sure if first_right else sure[::-1]
        self._places = pairing.disagreements(first_right=first_right)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, number: int, /) -> Card: ...
    @overload
    def __getitem__(self, number: slice, /) -> Sequence[Card]: ...
    def __getitem__(self, number: int | slice, /) -> Card | Sequence[Card]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        place, names = self._places[number], self._pairing.class_names
        true, said = names[self._pairing.true[place]], names[self._said[place]]
        wrong_sure, right_sure = (
            percent(float(sure[place])) for sure in (self._wrong_sure, self._right_sure)
        )
        return Card(
            path=self._pairing.paths[place],
            title=f"{true} → {said}",
            right=False,
            detail=f"{said}{_FIRM}{wrong_sure} against {true}{_FIRM}{right_sure}",
        )
