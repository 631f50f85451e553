"""Samples: what is in a data set, what is wrong with it, and what to do about it."""

import streamlit as st

from cnnlab.ui import samples, sources
from cnnlab.ui.choices import choose_dataset

st.title("Samples")
dataset = choose_dataset()
if dataset is None:
    st.info("No data sets yet. Add a folder of pictures, or take a built-in set.")
    sources.add_dataset_form()
    st.stop()

samples.show(dataset, samples.choose_view())
