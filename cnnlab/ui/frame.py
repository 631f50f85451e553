"""The frame around every page: where the pages are, and what happens when one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, Protocol

import streamlit as st

from cnnlab.errors import CnnlabError
from cnnlab.figures.text import escape_markdown
from cnnlab.ui import collecting, context, late_requests
from cnnlab.ui.address import begin_page

Arguments = ParamSpec("Arguments")

HOME = "pages/start/home.py"
SAMPLES = "pages/data/samples.py"
TRAIN = "pages/training/train.py"
TUNE = "pages/training/tune.py"
RUN = "pages/results/run.py"
LEADERBOARD = "pages/results/leaderboard.py"
COMPARE = "pages/results/compare.py"
CLASSIFY = "pages/results/classify.py"
HOW = "pages/start/how.py"

late_requests.leave_unanswered()


class Page(Protocol):
    """A page that the address has chosen."""

    title: str

    def run(self) -> None:
        """Execute the page's script."""


def run_page(page: Page) -> None:
    """Run the chosen page inside the frame."""
    collecting.count_page_run()
    begin_page(page.title)
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
        st.error(escape_markdown(str(error)), icon=":material/error:")
        st.caption(f"Reason: {error.reason}")


def fragment(
    function: Callable[Arguments, None], *, every_seconds: float | None = None
) -> Callable[Arguments, None]:
    """A part of a page that renews itself alone; its failures are shown like the page's.

    Args:
        function: Draws the part.
        every_seconds: How often it is drawn again by itself; None for never.
    """

    @wraps(function)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        with shown_errors():
            function(*args, **kwargs)

    return st.fragment(guarded, run_every=every_seconds)
