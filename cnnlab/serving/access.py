"""Whether a server may answer other machines."""

from __future__ import annotations

import ipaddress

from cnnlab.errors import ConfigError
from cnnlab.serving.settings import TOKEN_VARIABLE


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
