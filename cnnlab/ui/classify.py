"""The panels of the Classify page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cnnlab.datasets.photos import Photo
from cnnlab.errors import CnnlabError, RunError
from cnnlab.figures.text import escape_markdown
from cnnlab.inference.classify import classify
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.runs import Run, list_runs
from cnnlab.ui import context
from cnnlab.ui.address import asked, choose
from cnnlab.ui.addressed import choose_one
from cnnlab.ui.choices import RUN, choose_run, run_label
from cnnlab.ui.home import TOUR
from cnnlab.ui.photo_panel import photo_panel
from cnnlab.ui.results import predictions_of

AGAINST = "against"  # in the address: the run that the first one is compared with
UNSEEN_PICTURES = 3


def choose_networks() -> list[Run]:
    """One finished network, or two to be compared; none where there is none.

    An address that names a run which is gone is answered with a sentence, and another one is shown.
    """
    first, second = st.columns(2, vertical_alignment="bottom")
    with first:
        run = _choose_first()
    if run is None:
        return []
    with second:
        other = _choose_second(run)
    return [run] if other is None else [run, other]


def say_classes(runs: Sequence[Run]) -> None:
    """What each network tells apart.

    Raises:
        RunError: If a network's files are missing or damaged.
    """
    classes = {run.id: context.model_of(run.id).facts.class_names for run in runs}
    if len(set(classes.values())) == 1:
        classes = {"Both tell" if len(runs) > 1 else "Tells": next(iter(classes.values()))}
    else:
        classes = {f"{escape_markdown(name)} tells": found for name, found in classes.items()}
    for who, names in classes.items():
        st.caption(f"{who} apart: {', '.join(map(escape_markdown, names))}")


def unseen_pictures(run: Run) -> None:
    """A few pictures that the network was not trained on, so that the page never is empty.

    Raises:
        RunError: If the network's files are missing or damaged.
    """
    photos = _unseen(run)
    if not photos:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.query_params.get(TOUR):
            st.success(
                "Your first network is trained. These pictures it has never seen before; "
                "drop a picture of your own above.",
                icon=":material/celebration:",
            )
        else:
            st.caption(
                "No photo at hand? Pictures that this network was not trained on:",
                width="content",
            )
        st.button("Other pictures", icon=":material/shuffle:", on_click=_shuffle)
    model = context.model_of(run.id)
    for number, (photo, answer) in enumerate(zip(photos, classify(model, photos), strict=True)):
        with st.container(border=True):
            photo_panel(run, model, photo, answer, key=f"unseen-{run.id}-{number}")


def _choose_first() -> Run | None:
    try:
        return choose_run(with_model=True)
    except RunError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        choose(RUN, None)
        return choose_run(with_model=True)


def _choose_second(run: Run) -> Run | None:
    runs = {
        other.id: other
        for other in list_runs(context.store())
        if other.has_model and other.id != run.id
    }
    wanted = asked(AGAINST)
    if wanted is not None and wanted != run.id and wanted not in runs:
        st.warning(
            f"There is no finished network {escape_markdown(wanted)} to compare with; "
            "it may have been deleted. Choose another one.",
            icon=":material/warning:",
        )
    if not runs:
        return None
    labels = {"": "Compare with another network …"}
    labels |= {other.id: run_label(other) for other in runs.values()}
    return runs.get(choose_one("Compare with", AGAINST, labels, hide_label=True))


def _shuffle() -> None:
    st.session_state["unseen-seed"] = st.session_state.get("unseen-seed", 0) + 1


def _unseen(run: Run) -> list[Photo]:
    """Random held-out pictures of the run's data set, test pictures first."""
    try:
        predictions = predictions_of(run.id)
        root = get_dataset(context.store(), run.dataset_id).location
    except CnnlabError:
        return []
    held_out = predictions.select("test") if (predictions.splits == "test").any() else predictions
    rng = np.random.default_rng(st.session_state.get("unseen-seed", 0))
    paths = list(held_out.paths)
    chosen = rng.choice(len(paths), size=min(UNSEEN_PICTURES, len(paths)), replace=False)
    return [
        Photo(
            name=paths[number],
            source=root / paths[number],
            label=held_out.class_names[int(held_out.true[number])],
        )
        for number in chosen
        if (root / paths[number]).exists()
    ]
