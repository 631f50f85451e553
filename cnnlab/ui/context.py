"""What every page needs: the workspace, its store, the models in memory, the colours."""

from __future__ import annotations

import time

import streamlit as st

from cnnlab.inference.model import LiteModel
from cnnlab.inference.shelf import ModelShelf
from cnnlab.runs.scheduler import ensure_scheduler
from cnnlab.runs.store import Store, open_store
from cnnlab.workspace import RunFiles, Workspace, open_workspace

ATTENTION_SECONDS = 5.0


def workspace() -> Workspace:
    """The workspace that this server was started with."""
    return open_workspace()


def store() -> Store:
    """The workspace's store, opened once a server."""
    return _open_store(workspace())


@st.cache_resource(show_spinner=False)
def shelf() -> ModelShelf:
    """Models in memory, shared by all sessions."""
    return ModelShelf()


def model_of(run_id: str) -> LiteModel:
    """A run's network, loaded once and shared.

    Raises:
        RunError: If the run is gone, has no network, or its files are damaged.
    """
    return shelf().get(RunFiles(workspace().run_folder(run_id)))


def attend() -> None:
    """Make sure that the scheduler runs, and tell it that somebody is here."""
    place = workspace()
    attended_at = _attention().get(place.root, 0.0)
    if time.monotonic() - attended_at > ATTENTION_SECONDS:
        _attention()[place.root] = time.monotonic()
        ensure_scheduler(place)


def is_dark() -> bool:
    """True when the viewer's theme is dark."""
    return st.context.theme.type == "dark"


def on_phone() -> bool:
    """Whether the viewer's browser says that it runs on a phone."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


@st.cache_resource(show_spinner=False)
def _open_store(place: Workspace) -> Store:
    return open_store(place)


@st.cache_resource(show_spinner=False)
def _attention() -> dict[object, float]:
    return {}
