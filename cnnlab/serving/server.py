"""Runs the REST server in this process until it is told to stop."""

from __future__ import annotations

import errno
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable

import uvicorn

from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.runs.store import open_store
from cnnlab.serving.app import make_app
from cnnlab.serving.models import ServedModels
from cnnlab.serving.settings import TOKEN_VARIABLE, ServeSettings
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
    store = open_store(place)
    models = ServedModels(place, store, settings.run_ids)
    models.require()
    listening = _listen(host, port)
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


def require_token(host: str, token: str | None, *, no_token: bool) -> None:
    """Refuse to answer other machines without a token, unless that is wanted.

    Raises:
        ConfigError: "token-needed" or "bad-token".
    """
    if token is not None and no_token:
        raise ConfigError(
            f"A server has a token or none. Received: --no-token and a token (--token or "
            f"{TOKEN_VARIABLE}). Leave one of them out.",
            reason="bad-token",
        )
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise ConfigError(
            "A token must be of printable ASCII characters without blanks. Choose another one.",
            reason="bad-token",
        )
    if token is None and not no_token and not _is_loopback(host):
        raise ConfigError(
            f"On {host}, other machines can ask this server, so that a token is needed. Give one "
            f"with {TOKEN_VARIABLE} or --token, or say --no-token where everybody may ask.",
            reason="token-needed",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((host, port), family=family, backlog=512)
    except (socket.gaierror, UnicodeError) as error:
        raise CnnlabError(
            "bad-host", f"There is no host {host!r} to listen on. Check --host."
        ) from error
    except OverflowError as error:
        raise ConfigError(f"A port must be between 0 and 65535. Received: {port}.") from error
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
