"""Home: what is here, and the shortest way to a first result."""

import streamlit as st

from cnnlab.ui import home, sources

st.title("cnnlab")
st.markdown("Look at pictures, train networks on them, see where they fail, classify your own.")

left, right = st.columns([3, 2], gap="large")
with left:
    home.try_it_now()
    st.subheader("Recent runs")
    home.recent_runs()
with right:
    st.subheader("Data sets")
    home.dataset_list()
    with st.expander("Add a data set", expanded=home.nothing_here(), icon=":material/add:"):
        sources.add_dataset_form()
