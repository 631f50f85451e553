"""Lets only those ask who show the token."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cnnlab.serving.problems import Problem

GUARDED = "/v1/"


class TokenGuard:
    """Answers requests below /v1 without the right token with 401, before anything is read."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and scope["path"].startswith(GUARDED):
            problem = self._refusal(Headers(scope=scope).get("authorization", ""))
            if problem is not None:
                answer = JSONResponse(problem.to_json(), problem.status, problem.headers)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, said: str) -> Problem | None:
        scheme, _, token = said.partition(" ")
        if scheme.lower() != "bearer":
            return Problem(
                401,
                "token-needed",
                "This server asks for a token. Send the header Authorization: Bearer TOKEN.",
                {"WWW-Authenticate": "Bearer"},
            )
        if hmac.compare_digest(token.strip().encode("latin-1", "replace"), self._token):
            return None
        return Problem(
            401,
            "wrong-token",
            "The token is not that of this server. Ask whoever has started it.",
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
