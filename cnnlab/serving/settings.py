"""How the REST server is to behave."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 2**20
MOST_FILES = 256  # of one request
DEFAULT_PORT = 8502
DEFAULT_MEGABYTES = 64
DEFAULT_REQUESTS = 32
TOKEN_VARIABLE = "CNNLAB_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What a server accepts.

    Attributes:
        token: What callers must show, or None where everybody may ask.
        max_bytes: Of one request's body.
        max_requests: Predictions that are received, wait or are at work at the same time.
        idle_seconds: How long a body may stand still while it is received.
        run_ids: The only runs that are served; empty for all.
        origins: Web pages from these places may ask; "*" for all.
    """

    token: str | None = None
    max_bytes: int = DEFAULT_MEGABYTES * MEBIBYTE
    max_requests: int = DEFAULT_REQUESTS
    idle_seconds: float = 30.0
    run_ids: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
