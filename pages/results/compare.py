"""Compare: is one network really better than another?"""

import streamlit as st

from cnnlab.ui import compare

st.title("Compare")
compare.show()
