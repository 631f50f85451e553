"""The Tune page: sweeps there are, one of them while it happens, and the way to a new one."""

from __future__ import annotations

import streamlit as st

from cnnlab.figures.text import escape_markdown
from cnnlab.tuning.records import Sweep, SweepState
from cnnlab.tuning.sweeps import find_sweep, list_sweeps
from cnnlab.ui import context, frame, sources, sweep_form, sweep_view
from cnnlab.ui.address import asked, go, link_here
from cnnlab.ui.choices import DATA, SWEEP, choose_dataset

BADGES = {
    SweepState.RUNNING: ("blue", ":material/sync:"),
    SweepState.STOPPED: ("orange", ":material/stop_circle:"),
    SweepState.COMPLETED: ("green", ":material/check_circle:"),
}
_MOST_SHOWN = 8


def show() -> None:
    """Draw the page."""
    sweep_id = asked(SWEEP)
    if sweep_id is not None:
        sweep = find_sweep(context.store(), sweep_id)
        if sweep is not None:
            _way_back(sweep)
            sweep_view.show(sweep)
            return
        st.warning(
            escape_markdown(f"The search {sweep_id} is no longer there. Those there are:"),
            icon=":material/search_off:",
        )
    dataset = choose_dataset()
    if dataset is None:
        st.info("A search needs pictures. Add a folder of pictures, or take a built-in set.")
        sources.add_dataset_form()
        return
    sources.ensure_scanned(dataset)
    if sources.scan_progress(dataset):
        return
    earlier = list_sweeps(context.store(), dataset_id=dataset.id)
    if earlier:
        _list(earlier)
    sweep_form.show(dataset)


def _way_back(sweep: Sweep) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All searches", icon=":material/arrow_back:", type="tertiary"):
            go(frame.TUNE, **{DATA: sweep.dataset_id})
        colour, icon = BADGES[sweep.state]
        st.badge(sweep.state.value, color=colour, icon=icon)  # type: ignore[arg-type]
        st.markdown(f"**{escape_markdown(sweep.name)}** on")
        st.page_link(
            frame.SAMPLES,
            label=escape_markdown(sweep.dataset_name),
            icon=":material/photo_library:",
            query_params={DATA: sweep.dataset_id},
        )


def _list(sweeps: list[Sweep]) -> None:
    """Links to the searches on this data set, newest first."""
    with st.expander(f"Earlier searches ({len(sweeps)})", icon=":material/history:", expanded=True):
        for sweep in sweeps[:_MOST_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                label = f"{escape_markdown(sweep.name)} · {sweep.id}"
                link_here(label, frame.TUNE, key=f"open-{sweep.id}", **{SWEEP: sweep.id})
                colour, icon = BADGES[sweep.state]
                st.badge(sweep.state.value, color=colour, icon=icon)  # type: ignore[arg-type]
                st.caption(sweep_view.summary(sweep))
