"""Tune: many trainings that differ in chosen fields, and the search for the best of them."""

import streamlit as st

from cnnlab.ui import tune

st.title("Tune")
tune.show()
