"""The frame around every page: where the pages are, and what happens when one fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.ui import context

HOME = "pages/start/home.py"
SAMPLES = "pages/data/samples.py"
TRAIN = "pages/training/train.py"
RUN = "pages/results/run.py"
CLASSIFY = "pages/results/classify.py"


class Page(Protocol):
    """A page that the address has chosen."""

    title: str

    def run(self) -> None:
        """Execute the page's script."""


def run_page(page: Page) -> None:
    """Run the chosen page inside the frame."""
    st.set_page_config(page_title=f"{page.title} · cnnlab", layout="wide")
    with shown_errors():
        context.store()
        context.attend()
        page.run()


@contextmanager
def shown_errors() -> Iterator[None]:
    """Show a failure that has a name as its sentence."""
    try:
        yield
    except CnnlabError as error:
        st.error(plain(str(error)), icon=":material/error:")
        st.caption(f"Reason: {error.reason}")


def plain(text: str) -> str:
    """Text for Markdown that is shown as it is."""
    from cnnlab.figures.text import escape_markdown

    return escape_markdown(text)
