"""Train: choose a recipe, change what should be changed, start."""

import streamlit as st

from cnnlab.ui import sources, train, training_fields
from cnnlab.ui.choices import choose_dataset
from cnnlab.ui.draft import draft_of
from cnnlab.ui.fields import Fields
from cnnlab.ui.starts import choose_start

st.title("Train")
dataset = choose_dataset()
if dataset is None:
    st.info("Training needs pictures. Add a folder of pictures, or take a built-in set.")
    sources.add_dataset_form()
    st.stop()
sources.ensure_scanned(dataset)
if sources.scan_progress(dataset):
    st.stop()

front, facts = st.columns([2, 3], gap="large")
with front:
    recipe = choose_start(addressed=True)
    fields = Fields(recipe.name, recipe.config, dataset.id)
    draft = draft_of(fields)
    training_fields.epochs_field(fields)
network_tab, training_tab, pictures_tab = st.tabs(["Network", "Training", "Pictures"])
with pictures_tab:
    train.pictures_panel(fields, train.class_names_of(dataset))
with training_tab:
    options, plan = st.columns([2, 3], gap="large")
    with options:
        with_backbone = draft.network.backbone is not None
        train.training_panel(fields, with_backbone=with_backbone)
with front:
    config = train.changed_config(recipe, fields)
with facts:
    assignment = None if config is None else train.describe_data(dataset, config)
class_count = recipe.class_count if assignment is None else len(assignment.class_names)
with network_tab:
    fits = train.network_panel(fields, draft, config, class_count)
with plan:
    if config is not None and assignment is not None:
        training_fields.show_schedule(config.training, train.training_pictures(assignment))
        if fits:
            train.trials_panel(dataset, config, fields)
with front:
    train.start(dataset, config, ready=fits and assignment is not None)
    train.recipe_buttons(recipe, fields, config, class_count)
