"""What the curves of a run say, and the way to a training that does better."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from cnnlab.evaluation.learning import Kind, Reading
from cnnlab.figures.text import escape_markdown
from cnnlab.reports.readings import readings_of
from cnnlab.runs.datasets import Dataset, find_dataset
from cnnlab.runs.runs import EpochRecord, Run
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA
from cnnlab.ui.starts import FROM, SET

_ICONS = {
    Kind.RATE_TOO_HIGH: ":material/trending_up:",
    Kind.RATE_TOO_LOW: ":material/hourglass_bottom:",
    Kind.DEAD: ":material/horizontal_rule:",
    Kind.OVERFITTING: ":material/call_split:",
    Kind.UNDERFITTING: ":material/trending_down:",
    Kind.STOPPED_EARLY: ":material/flag:",
    Kind.TOO_SHORT: ":material/more_horiz:",
    Kind.FINE: ":material/check_circle:",
}


def show(run: Run, epochs: Sequence[EpochRecord]) -> None:
    """Everything that the curves of an ended run say, each with the change that would help."""
    dataset = find_dataset(context.store(), run.dataset_id)
    for number, reading in enumerate(readings_of(run, epochs, class_count=_classes(dataset))):
        if reading.kind is Kind.TOO_SHORT and not epochs:
            continue
        _show(run, reading, key=f"reading-{run.id}-{number}", gone=dataset is None)


def hint(run: Run, epochs: Sequence[EpochRecord]) -> None:
    """What already goes wrong in a run that goes on, in a quiet line."""
    dataset = find_dataset(context.store(), run.dataset_id)
    for reading in readings_of(run, epochs, class_count=_classes(dataset)):
        st.caption(f"{_ICONS[reading.kind]} {_words(reading)}")


def as_words(changes: Mapping[str, Any]) -> list[str]:
    """Changes of a configuration as the address and `--set` take them."""
    return [
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in changes.items()
    ]


def _show(run: Run, reading: Reading, *, key: str, gone: bool) -> None:
    words = _words(reading)
    if reading.advice:
        words += f"\n\n{escape_markdown(reading.advice)}"
    box = {Kind.FINE: st.success}.get(reading.kind, st.info)
    if reading.kind.is_fault:
        box = st.warning
    if not reading.changes:
        box(words, icon=_ICONS[reading.kind])
        return
    said, button = st.columns([5, 2], vertical_alignment="center")
    with said:
        box(words, icon=_ICONS[reading.kind])
    assignments = as_words(reading.changes)
    with button:
        if st.button(
            "Train with this change",
            key=key,
            icon=":material/model_training:",
            disabled=gone,
            help=escape_markdown(", ".join(assignments)),
            width="stretch",
        ):
            go(frame.TRAIN, **{DATA: run.dataset_id, FROM: run.id, SET: assignments})


def _words(reading: Reading) -> str:
    return f"**{reading.kind.verdict}.** {escape_markdown(reading.sentence)}"


def _classes(dataset: Dataset | None) -> int | None:
    """How many classes a data set has, as far as a scan has counted them."""
    if dataset is None or dataset.summary is None:
        return None
    return len(dataset.summary.get("classes", ())) or None
