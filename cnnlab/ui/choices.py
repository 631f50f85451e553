"""Choosing a data set or a run; the choice lives in the address, so that a link can be sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cnnlab.errors import RunError
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.datasets import Dataset, get_dataset, list_datasets
from cnnlab.runs.runs import Run, get_run, list_runs
from cnnlab.ui import context
from cnnlab.ui.address import asked, choose, follow, show_in

DATA, RUN, SWEEP = "data", "run", "sweep"  # in the address
RUNS = "runs"  # several, with commas between them


def choose_dataset() -> Dataset | None:
    """Let the user choose a data set; None when there is none.

    Raises:
        DatasetError: If the address names one that does not exist.
    """
    wanted = asked(DATA)
    if wanted is not None:
        get_dataset(context.store(), wanted)
    datasets = {dataset.id: dataset for dataset in list_datasets(context.store())}
    chosen = _choose(
        "Data set", DATA, list(datasets), lambda key: _dataset_label(datasets[key], datasets)
    )
    return datasets.get(chosen) if chosen else None


def choose_run(*, with_model: bool = False) -> Run | None:
    """Let the user choose a run, newest first; None when there is none.

    Args:
        with_model: Offer only runs whose network is finished.

    Raises:
        RunError: If the address names one that does not exist or, with `with_model`, has no model.
    """
    store = context.store()
    wanted = asked(RUN)
    runs = {run.id: run for run in list_runs(store) if run.has_model or not with_model}
    if wanted is not None and wanted not in runs:
        found = get_run(store, wanted)
        if with_model and not found.has_model:
            raise RunError(
                "no-model",
                f"The run {wanted!r} has no finished network. Choose a completed run.",
            )
    chosen = _choose("Run", RUN, list(runs), lambda key: run_label(runs[key]))
    return runs.get(chosen) if chosen else None


def remember(name: str, value: str) -> None:
    """Make a choice hold on every page of this session."""
    st.session_state[f"chosen-{name}"] = value


def run_label(run: Run) -> str:
    """A run in one line, as plain text.

    A page that follows a run draws the line once, so until the end it does not name the state.
    """
    accuracy = run.metrics.get("validation_accuracy")
    if accuracy is not None:
        figure = f"{accuracy:.1%}"
    else:
        figure = run.state.value if run.state.final else "in training"
    return f"{run.id} · {run.dataset_name} · {figure}"


def _choose(
    label: str, name: str, options: Sequence[str], format_option: Callable[[str], str]
) -> str | None:
    if not options:
        return None
    wanted = asked(name) or st.session_state.get(f"chosen-{name}")
    key = f"choose-{name}"
    shown = wanted if wanted is not None and wanted in options else options[0]
    if st.session_state.get(f"{key}-text") != format_option(shown):
        # The browser keeps the text that it has unless the value is set anew.
        st.session_state[f"{key}-text"] = format_option(shown)
        st.session_state[key] = shown
    show_in(key, shown)
    chosen: str = st.selectbox(
        label,
        options,
        key=key,
        format_func=format_option,
        on_change=lambda: _take_over(name, key, options),
        label_visibility="collapsed",
    )
    remember(name, chosen)
    follow(name, chosen)
    return chosen


def _take_over(name: str, key: str, options: Sequence[str]) -> None:
    """The widget was changed by hand: the address follows.

    A browser knows an option by its text alone. Where that has changed meanwhile, with a count or
    a state, it sends a text that is no option any more, and nobody has chosen anything.
    """
    chosen = st.session_state[key]
    if chosen in options:
        choose(name, chosen)
        remember(name, chosen)


def _dataset_label(dataset: Dataset, datasets: dict[str, Dataset]) -> str:
    same_name = sum(other.name == dataset.name for other in datasets.values())
    label = f"{dataset.name} ({dataset.id})" if same_name > 1 else dataset.name
    if dataset.summary:
        label += f" · {dataset.summary['usable']:,} pictures"
    return label


def bold(text: str) -> str:
    """A name in bold Markdown, whatever characters it has."""
    return f"**{escape_markdown(text)}**"
