"""Classify: photos in, classes out."""

import streamlit as st

from cnnlab.ui import classify
from cnnlab.ui.choices import choose_run
from cnnlab.ui.home import try_it_now

st.title("Classify")
run = choose_run(with_model=True)
if run is None:
    st.info("There is no finished network yet. Train one first.")
    try_it_now()
    st.stop()

model = classify.model_of(run)
photos = classify.uploaded_photos()
if photos:
    classify.answers(model, photos)
else:
    classify.unseen_pictures(run, model)
