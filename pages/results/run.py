"""Run: a training while it happens, and what came out of it."""

import streamlit as st

from cnnlab.ui import run_page
from cnnlab.ui.choices import choose_run
from cnnlab.ui.home import try_it_now

st.title("Run")
run = choose_run()
if run is None:
    st.info("No runs yet.")
    try_it_now()
    st.stop()

if run.state.final:
    run_page.headline(run)
    run_page.results(run)
else:
    run_page.follow(run)
run_page.details(run)
