"""Starts the dashboard's server."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import webbrowser
from contextlib import closing, suppress
from pathlib import Path

from cnnlab.allocator import give_back_memory
from cnnlab.errors import CnnlabError
from cnnlab.workspace import WORKSPACE_VARIABLE, Workspace

ADDRESS = "127.0.0.1"
PROJECT_FOLDER = Path(__file__).resolve().parents[2]
_BROWSER_WAITS_SECONDS = 20.0


def serve_dashboard(workspace: Workspace, port: int) -> None:
    """Serve the pages on 127.0.0.1 until Ctrl-C; trainings go on after it.

    Raises:
        CnnlabError: If the port is taken or app.py is not where it should be.
    """
    script = PROJECT_FOLDER / "app.py"
    if not script.exists():
        raise CnnlabError(
            "no-app",
            f"The dashboard is started from the project's folder; there is no {script}.",
        )
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        if probe.connect_ex((ADDRESS, port)) == 0:
            raise CnnlabError(
                "port-taken",
                f"Something already listens on {ADDRESS}:{port}. Open it in the browser, or "
                "choose another port with --port.",
            )
    os.environ[WORKSPACE_VARIABLE] = str(workspace.root)
    # Arrow's own allocator keeps what it was given once: 30 MB after one large data set.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    give_back_memory()
    os.chdir(PROJECT_FOLDER)  # Streamlit reads .streamlit/config.toml from here
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import bootstrap

    # Without this, the folder pages/ makes Streamlit tell the first visitor who comes by a link
    # that there is no such page: it learns of st.navigation only when app.py has run once.
    PagesManager.uses_pages_directory = False
    options = {"server.port": port, "server.address": ADDRESS, "server.headless": True}
    bootstrap.load_config_options(options)
    if sys.stdout.isatty():
        threading.Thread(target=_open_browser, args=(port,), daemon=True).start()
    bootstrap.run(str(script), False, [], options)


def _open_browser(port: int) -> None:
    """Open the first page once the server answers; quietly nothing where there is no browser."""
    deadline = time.monotonic() + _BROWSER_WAITS_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((ADDRESS, port), timeout=1):
            webbrowser.open(f"http://{ADDRESS}:{port}")
            return
        time.sleep(0.2)
