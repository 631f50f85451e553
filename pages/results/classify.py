"""Classify: photos in, classes out."""

import streamlit as st

from cnnlab.ui import classify
from cnnlab.ui.home import try_it_now
from cnnlab.ui.photo_intake import photo_intake
from cnnlab.ui.tray_results import tray_results

st.title("Classify")
runs = classify.choose_networks()
if not runs:
    st.info("There is no finished network yet. Train one first.")
    try_it_now()
    st.stop()

classify.say_classes(runs)
tray = photo_intake()
if tray is not None:
    tray_results(runs, tray)
else:
    classify.unseen_pictures(runs[0])
