"""Runs the REST server in this process until it is told to stop."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from collections.abc import Callable

import uvicorn

from cnnlab.allocator import give_back_memory
from cnnlab.errors import CnnlabError
from cnnlab.runs.store import open_store
from cnnlab.serving.app import make_app
from cnnlab.serving.models import ServedModels
from cnnlab.serving.settings import ServeSettings
from cnnlab.workspace import Workspace

_LAST_ANSWERS_SECONDS = 30


def serve(
    place: Workspace,
    settings: ServeSettings,
    *,
    host: str,
    port: int,
    tell: Callable[[str], object],
) -> None:
    """Serve the finished runs of a workspace until SIGINT or SIGTERM; answers under way are given.

    Args:
        place: The workspace.
        settings: What is accepted.
        host: Name or address to listen on.
        port: 0 for any free one.
        tell: Gets the server's address once it can be asked.

    Raises:
        RunError: If a run that is to be served cannot be.
        CnnlabError: If nothing can listen there ("port-taken", "bad-host", "port-refused").
    """
    give_back_memory()
    store = open_store(place)
    models = ServedModels(place, store, settings.run_ids)
    models.require()
    listening = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of what is refused
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(models, settings),
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
        )
    )
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _nothing)  # uvicorn listens to them, and raises them again at its end
    tell(f"http://{shown}:{listening.getsockname()[1]}")
    with listening:
        server.run(sockets=[listening])
    store.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on.

    Raises:
        CnnlabError: If nothing can listen there ("port-taken", "bad-host", "port-refused").
    """
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((host, port), family=family, backlog=512)
    except (socket.gaierror, UnicodeError) as error:
        raise CnnlabError(
            "bad-host", f"There is no host {host!r} to listen on. Check --host."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CnnlabError(
                "port-taken",
                f"Something already listens on {host}:{port}. Choose another port with --port.",
            ) from error
        raise CnnlabError(
            "port-refused",
            f"The system does not let this server listen on {host}:{port} ({error.strerror}). "
            "Choose another --host or --port.",
        ) from error


def _nothing(*_: object) -> None:
    """Let uvicorn end by itself."""
