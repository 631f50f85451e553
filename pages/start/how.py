"""How it works: convolution, stride and pooling on a few numbers."""

import streamlit as st

from cnnlab.ui import convolution

st.title("How a convolution works")
convolution.show()
