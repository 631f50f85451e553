"""Pictures with what networks said about them, as cards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import overload

import numpy as np
import pandas as pd
import streamlit as st

from cnnlab.datasets.index import DatasetIndex
from cnnlab.errors import DatasetError
from cnnlab.evaluation.predictions import IntArray, Predictions
from cnnlab.figures.text import escape_markdown, percent, shorten
from cnnlab.runs.datasets import Dataset, find_dataset
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.cards import actions_row, picture_actions
from cnnlab.ui.choices import RUN
from cnnlab.ui.correcting import correction_bar, relabel_each, ticked
from cnnlab.ui.data import index_of, thumbnails_of
from cnnlab.ui.nearest import nearest_training
from cnnlab.ui.views import VIEW

PAGE_SIZE = 24
CARD_PX = 168  # two of them fit on a phone
_PAGE_NUMBER_PX = 44
INSIDE, PICTURE = "inside", "picture"  # the view of a run with heat maps, and what it asks for

_NAME_CHARACTERS = 13
_TITLE_CHARACTERS = 80
_DETAIL_CHARACTERS = 120
_FIRM = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One picture and what is said about it.

    Attributes:
        path: Of the picture, as the data set's index names it.
        title: One short line under it, plain text, such as "cat → dog · 97 %".
        right: Colours the title green or red; None leaves it as it is.
        detail: A second, quieter line, plain text; may be empty.
        suggestion: A class that the picture can be given with one click; empty for none.
    """

    path: str
    title: str
    right: bool | None = None
    detail: str = ""
    suggestion: str = ""


class JudgedCards(Sequence[Card]):
    """Cards of one network's predictions, each made when it is asked for.

    Args:
        predictions: What the network said.
        rows: Of the predictions, in the order to show them.
        suspects: The label, not the network, is in doubt: say so, and suggest the other class.
    """

    def __init__(self, predictions: Predictions, rows: IntArray, *, suspects: bool = False) -> None:
        self._predictions = predictions
        self._rows = rows
        self._suspects = suspects

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int, /) -> Card: ...
    @overload
    def __getitem__(self, place: slice, /) -> Sequence[Card]: ...
    def __getitem__(self, place: int | slice, /) -> Card | Sequence[Card]:
        if isinstance(place, slice):
            return [self._card(int(row)) for row in self._rows[place]]
        return self._card(int(self._rows[place]))

    def _card(self, row: int) -> Card:
        """How sure it is of a class stands beside its name, in one piece."""
        predictions = self._predictions
        names, probabilities = predictions.class_names, predictions.probabilities[row]
        seen, label = int(np.argmax(probabilities)), int(predictions.true[row])
        true, said, sure = names[label], names[seen], percent(float(probabilities[seen]))
        path = predictions.paths[row]
        of_label = f"{true}{_FIRM}{percent(float(probabilities[label]))}"
        if self._suspects:
            title = f"labelled {true}, looks like {said}{_FIRM}{sure}"
            return Card(path=path, title=title, detail=of_label, suggestion=said)
        if seen != label:
            detail = f"{said}{_FIRM}{sure} · {of_label}"
            return Card(path=path, title=f"{true} → {said}", right=False, detail=detail)
        detail = f"{said}{_FIRM}{sure}"
        if len(names) > 1:
            others = np.delete(probabilities, seen)
            next_one = int(np.argmax(others))
            other = names[next_one + (next_one >= seen)]
            detail += f" · {other}{_FIRM}{percent(float(others[next_one]))}"
        return Card(path=path, title=true, right=True, detail=detail)


@dataclass(frozen=True, slots=True)
class _Pictures:
    """What is left of the pictures that a run was judged by.

    Attributes:
        dataset, index: None where they are gone or cannot be read.
        why: Then a sentence that says so.
    """

    dataset: Dataset | None
    index: DatasetIndex | None
    why: str


def card_grid(run: Run, cards: Sequence[Card], *, key: str) -> None:
    """Pictures side by side, a page at a time; each can be opened, ticked and corrected.

    A picture that is gone keeps its card and its name. Only the cards of the page that is shown are
    read, so that a sequence may make them when it is asked.

    Args:
        run: Whose data set the pictures are in.
        cards: In the order to show them.
        key: Tells grids on one page apart.
    """
    if len(cards):
        frame.fragment(_card_grid)(run, cards, key)


def _card_grid(run: Run, cards: Sequence[Card], key: str) -> None:
    pages = math.ceil(len(cards) / PAGE_SIZE)
    pictures = _pictures_of(run)
    if pictures.index is None:
        st.info(escape_markdown(pictures.why), icon=":material/hide_image:")
    bar, grid, foot = st.container(), st.container(), st.container(horizontal=True)
    page = 1
    with foot:
        if pages > 1:  # other cards begin at their first page
            page = st.pagination(
                pages,
                key=f"page-{key}-{run.id}-{_identity(cards)}",
                width=_PAGE_NUMBER_PX * (min(pages, 7) + 3),
            )
    first = (page - 1) * PAGE_SIZE
    shown = cards[first : first + PAGE_SIZE]
    with grid, st.container(horizontal=True, gap="small"):
        if pictures.dataset is None or pictures.index is None:
            for card in shown:
                with st.container(width=CARD_PX, gap="xxsmall"):
                    _missing(card, "")
        else:
            _draw_cards(run, pictures.dataset, pictures.index, shown, key)
    if pictures.dataset is not None and pictures.index is not None:
        with bar:
            _bar(pictures.dataset, pictures.index, cards, key)
    with foot:
        if pages > 1:
            last = first + len(shown)
            st.caption(f"Pictures {first + 1:,} to {last:,} of {len(cards):,}")


def _draw_cards(
    run: Run,
    dataset: Dataset,
    index: DatasetIndex,
    cards: Sequence[Card],
    key: str,
) -> None:
    rows = _rows(index, cards)
    thumbnails = dict(zip(rows["path"], thumbnails_of(dataset.location, rows), strict=True))
    classes = dict(zip(rows["path"], rows["class"], strict=True))
    for card in cards:
        with st.container(width=CARD_PX, gap="xxsmall"):
            thumbnail = thumbnails.get(card.path)
            if thumbnail is None:
                known = card.path in thumbnails
                _missing(card, "cannot be read" if known else "not in the data set any more")
                continue
            st.image(thumbnail, width=CARD_PX, alt=f"{card.title}: {card.path}")
            _say(card, _corrected(index, card.path, classes[card.path]))
            with actions_row():
                name = shorten(PurePosixPath(card.path).stem, _NAME_CHARACTERS)
                picture_actions(
                    dataset,
                    index,
                    card.path,
                    name,
                    key=key,
                    said=f"{_title(card)} {escape_markdown(card.detail)}",
                    more=partial(nearest_training, run, dataset, index, card.path),
                )
                if st.button(
                    "",
                    icon=":material/visibility:",
                    type="tertiary",
                    key=f"inside-{key}-{run.id}-{card.path}",
                    help="Where the network looked",
                ):
                    go(frame.RUN, **{RUN: run.id, VIEW: INSIDE, PICTURE: card.path})
            if card.suggestion and card.suggestion != classes[card.path]:
                _suggest(dataset, card, key)


def _rows(index: DatasetIndex, cards: Sequence[Card]) -> pd.DataFrame:
    """What the index knows of the pictures on some cards; fewer rows where it knows fewer."""
    paths = index.frame["path"]
    return index.frame[paths.isin([card.path for card in cards])]


def _suggest(dataset: Dataset, card: Card, key: str) -> None:
    """A button that gives a picture the class that its card suggests."""
    if st.button(
        f"Relabel to {escape_markdown(shorten(card.suggestion, 16))}",
        key=f"suggested-{key}-{dataset.id}-{card.path}",
        width="stretch",
    ):
        relabel_each(dataset, {card.path: card.suggestion}, key=key)


def _bar(dataset: Dataset, index: DatasetIndex, cards: Sequence[Card], key: str) -> None:
    """What can be done with the ticked pictures."""
    chosen = ticked(dataset, index, key)
    suggested = None
    if cards[0].suggestion:
        picked = set(chosen)
        suggested = {
            card.path: card.suggestion for card in (cards if picked else ()) if card.path in picked
        }
    correction_bar(dataset, index, chosen, key=key, suggested=suggested)


def _say(card: Card, corrected: str) -> None:
    st.markdown(f":small[{_title(card)}]")
    details = [part for part in (card.detail, corrected) if part]
    if details:
        st.caption(escape_markdown(shorten(" · ".join(details), _DETAIL_CHARACTERS)))


def _title(card: Card) -> str:
    """The title as Markdown; a mark beside the colour, for whoever does not see the colour."""
    text = escape_markdown(shorten(card.title, _TITLE_CHARACTERS))
    if card.right is None:
        return f"**{text}**"
    colour, mark = ("green", "check") if card.right else ("red", "close")
    return f":{colour}[:material/{mark}: **{text}**]"


def _missing(card: Card, why: str) -> None:
    """A card without its picture."""
    if why:
        st.caption(f":material/hide_image: {why}")
    _say(card, "")
    st.caption(escape_markdown(card.path))


def _corrected(index: DatasetIndex, path: str, class_name: str) -> str:
    if path in index.excluded:
        return "now excluded"
    return f"now {class_name}" if path in index.relabelled else ""


def _pictures_of(run: Run) -> _Pictures:
    dataset = find_dataset(context.store(), run.dataset_id)
    if dataset is None:
        why = "The data set is no longer in this workspace, so the pictures are shown by name only."
        return _Pictures(None, None, why)
    try:
        index = index_of(dataset)
    except DatasetError as error:
        return _Pictures(dataset, None, str(error))
    why = f"{dataset.name} has not been looked at yet, so the pictures are shown by name only."
    return _Pictures(dataset, index, why)


def _identity(cards: Sequence[Card]) -> str:
    """A word that differs between the cards of different questions."""
    return f"{len(cards)}-{cards[0].path}-{cards[-1].path}"
