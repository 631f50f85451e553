"""Train: choose a recipe, change what should be changed, start."""

import streamlit as st

from cnnlab.ui import sources, train
from cnnlab.ui.choices import choose_dataset

st.title("Train")
dataset = choose_dataset()
if dataset is None:
    st.info("Training needs pictures. Add a folder of pictures, or take a built-in set.")
    sources.add_dataset_form()
    st.stop()
sources.ensure_scanned(dataset)
if sources.scan_progress(dataset):
    st.stop()

class_names = train.class_names_of(dataset)
options, network = st.columns([2, 3], gap="large")
with options:
    recipe = train.choose_recipe()
    config = train.edit_config(recipe, dataset, class_names)
with network:
    ready = train.describe_data(dataset, config)
    ready = train.describe_network(dataset, config) and ready
with options:
    train.start(dataset, config, ready=ready)
