"""Leaderboard: all runs of a data set side by side."""

import streamlit as st

from cnnlab.ui import leaderboard

st.title("Leaderboard")
leaderboard.show()
