"""Samples: what is in a data set, and what is wrong with it."""

import streamlit as st

from cnnlab.ui import samples, sources
from cnnlab.ui.choices import choose_dataset

st.title("Samples")
dataset = choose_dataset()
if dataset is None:
    st.info("No data sets yet. Add a folder of pictures, or take a built-in set.")
    sources.add_dataset_form()
    st.stop()

sources.ensure_scanned(dataset)
scanning = sources.scan_progress(dataset)
index = samples.index_or_say(dataset, scanning=scanning)
if index is None:
    st.stop()

samples.facts(dataset, index)
counts, gallery = st.columns([2, 3], gap="large")
with counts:
    samples.class_counts(index)
    samples.actions(dataset)
with gallery:
    samples.gallery(dataset, index)
samples.problems(index)
with st.expander("Add a data set", icon=":material/add:"):
    sources.add_dataset_form()
