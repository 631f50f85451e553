"""The dashboard's page table."""

import streamlit as st

from cnnlab.ui import frame

frame.run_page(
    st.navigation(
        [
            st.Page(frame.HOME, title="Home", icon=":material/home:", default=True),
            st.Page(frame.SAMPLES, title="Samples", icon=":material/photo_library:"),
            st.Page(frame.TRAIN, title="Train", icon=":material/model_training:"),
            st.Page(frame.TUNE, title="Tune", icon=":material/tune:"),
            st.Page(frame.RUN, title="Run", icon=":material/monitoring:"),
            st.Page(frame.LEADERBOARD, title="Leaderboard", icon=":material/leaderboard:"),
            st.Page(frame.COMPARE, title="Compare", icon=":material/compare_arrows:"),
            st.Page(frame.CLASSIFY, title="Classify", icon=":material/image_search:"),
            st.Page(frame.HOW, title="How it works", icon=":material/school:"),
        ],
        position="top",
    )
)
