"""What a network looks at: heat maps, filters, feature maps."""

from __future__ import annotations

import streamlit as st

from cnnlab.inference.model import read_facts
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.heat_panel import heat_panel
from cnnlab.ui.inside_layers import layers_panel
from cnnlab.ui.inside_pictures import choose_picture
from cnnlab.workspace import RunFiles


def show(run: Run) -> None:
    """Draw the view: a picture, where the network looks in it, and its layers one by one."""
    facts = read_facts(RunFiles(context.workspace().run_folder(run.id)))
    chosen = None
    with frame.shown_errors():
        chosen = choose_picture(run)
        if chosen is not None:
            heat_panel(run, chosen)
    st.divider()
    with frame.shown_errors():
        layers_panel(run, chosen, len(facts.class_names))
