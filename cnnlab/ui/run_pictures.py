"""Pictures that a run's network was right or wrong about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.datasets.splits import Split
from cnnlab.errors import DatasetError
from cnnlab.evaluation.mistakes import (
    Rows,
    confident_mistakes,
    least_certain,
    random_sample,
    suspected_labels,
)
from cnnlab.evaluation.predictions import Predictions
from cnnlab.figures.judged import Judged, plot_judged
from cnnlab.figures.text import percent
from cnnlab.runs.datasets import find_dataset
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.address import asked, choose
from cnnlab.ui.charts import show_chart
from cnnlab.ui.data import index_of, thumbnails_of
from cnnlab.ui.predicted import JudgedCards, card_grid
from cnnlab.ui.results import predictions_of, predictions_state, splits_of
from cnnlab.ui.views import choose_view

KIND, SPLIT, SEED = "kind", "split", "seed"  # in the address
SAMPLE_SIZE = 10

_COLUMNS, _PHONE_COLUMNS = 5, 2

RANDOM, MISTAKES, DOUBTS, LABELS = "random", "mistakes", "doubts", "labels"
_KINDS = {
    RANDOM: ":material/casino: Ten at random",
    MISTAKES: ":material/error: Confident mistakes",
    DOUBTS: ":material/question_mark: Least certain",
    LABELS: ":material/label_off: Suspected wrong labels",
}
_ROWS: Mapping[str, Callable[[Predictions], Rows]] = {
    MISTAKES: confident_mistakes,
    DOUBTS: least_certain,
    LABELS: suspected_labels,
}


def show(run: Run) -> None:
    """Draw the view: a question about the pictures, and the pictures that answer it."""
    splits = splits_of(run)
    if not splits:
        st.info("This run has no predictions of validation or test pictures.")
        return
    kind = choose_view(_KINDS, key="pictures-kind", name=KIND, label="Which pictures")
    split = splits[0]
    if len(splits) > 1:
        names = {each.value: f"{each.value} pictures" for each in splits}
        split = Split(choose_view(names, key="pictures-split", name=SPLIT, label="Split"))
    predictions = predictions_of(run.id, split)
    if kind == RANDOM:
        frame.fragment(_random)(run, split, predictions)
        return
    rows = _rows(*predictions_state(run.id), run.id, split, kind)
    if _say(kind, split, predictions, len(rows)):
        cards = JudgedCards(predictions, rows, suspects=kind == LABELS)
        card_grid(run, cards, key=f"pictures-{kind}-{split}-{run.id}")


def _say(kind: str, split: Split, predictions: Predictions, found: int) -> bool:
    """What the pictures show, in words; whether there are any to be shown."""
    count = len(predictions)
    match kind:
        case _ if not count:
            st.info(f"There are no {split} pictures.")
        case "mistakes" if not found:
            st.success(f"Every {split} picture was recognised.", icon=":material/check_circle:")
        case "mistakes":
            st.markdown(
                f"**{found:,} of {count:,}** {split} pictures ({percent(found / count)}) were "
                "taken for another class. Those that the network was surest of come first."
            )
        case "doubts":
            st.markdown(
                f"All {count:,} {split} pictures, those first where the two most probable classes "
                "were nearest to each other."
            )
        case "labels" if not found:
            st.success(
                f"No label of a {split} picture is confidently contradicted.",
                icon=":material/check_circle:",
            )
        case "labels":
            st.markdown(
                f"The network contradicts the labels of **{found:,} of {count:,}** {split} "
                "pictures as surely as it recognises the other class. The clearest come first."
            )
            st.caption(
                "Only held-out pictures are judged: labels that the network has learnt from, it "
                "repeats. A suspicion is no proof, so look before you relabel. The figures of this "
                "run stay as they are; train again to see what the corrections change."
            )
    return bool(found)


def _random(run: Run, split: Split, predictions: Predictions) -> None:
    """A few pictures drawn at random, as one figure; the address says which draw it is."""
    if not len(predictions):
        st.info(f"There are no {split} pictures.")
        return
    seed = _seed()
    rows = random_sample(predictions, SAMPLE_SIZE, seed)
    few = len(rows) == len(predictions)
    figure = plot_judged(
        _judged(run, predictions, rows),
        title=f"All {split} pictures" if few else f"Ten {split} pictures at random",
        columns=_PHONE_COLUMNS if context.on_phone() else _COLUMNS,
        dark=context.is_dark(),
    )
    show_chart(figure, key=f"random-{run.id}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Other ten", icon=":material/casino:", disabled=few):
            choose(SEED, str(seed + 1))
            st.rerun()
        one_by_one = st.toggle(
            "One by one", help="To open them, correct them, or see where the network looked"
        )
        st.caption(f"Draw {seed}. The page's address shows the same ten to whoever you send it.")
    if one_by_one:
        key = f"pictures-{RANDOM}-{split}-{run.id}-{seed}"
        card_grid(run, JudgedCards(predictions, rows), key=key)


def _seed() -> int:
    wanted = asked(SEED) or ""
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 1


def _judged(run: Run, predictions: Predictions, rows: Rows) -> list[Judged]:
    names, predicted, sure = (
        predictions.class_names,
        predictions.predicted[rows],
        predictions.confidence[rows],
    )
    paths = [predictions.paths[row] for row in rows]
    pixels = _pixels(run, paths)
    return [
        Judged(path, pixels.get(path), names[true], names[said], float(probability))
        for path, true, said, probability in zip(
            paths, predictions.true[rows], predicted, sure, strict=True
        )
    ]


def _pixels(run: Run, paths: list[str]) -> dict[str, NDArray[np.uint8]]:
    """Small pictures by path, of those that are still there."""
    dataset = find_dataset(context.store(), run.dataset_id)
    try:
        index = None if dataset is None else index_of(dataset)
    except DatasetError:
        index = None
    if dataset is None or index is None:
        st.info("The data set is gone; point at a place to see which picture stood there.")
        return {}
    rows = index.frame[index.frame["path"].isin(paths)]
    return {
        path: np.asarray(Image.open(BytesIO(picture)).convert("RGB"))
        for path, picture in zip(rows["path"], thumbnails_of(dataset.location, rows), strict=True)
        if picture is not None
    }


@st.cache_resource(max_entries=16, show_spinner=False)
def _rows(file: Path, changed_ns: int, run_id: str, split: Split, kind: str) -> Rows:
    return _ROWS[kind](predictions_of(run_id, split))
