"""What a request can end in instead of an answer: a status, a reason and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnlab.errors import CnnlabError

RETRY_SECONDS = 1
_STATUS = {
    "unknown-model": 404,
    "no-model": 409,
    "deleted-model": 410,
    "store-locked": 503,
    "disk-full": 507,
}
_WORDS = {
    404: ("unknown-route", "There is nothing at {path}. GET / lists what there is."),
    405: ("wrong-method", "{path} does not take {method}. GET / lists what each address takes."),
}


class Problem(CnnlabError):
    """A request that is refused.

    Attributes:
        status: Of HTTP.
        headers: Sent along.
    """

    def __init__(
        self, status: int, reason: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(reason, message)
        self.status = status
        self.headers = dict(headers or {})

    def to_json(self) -> dict[str, Any]:
        """The body of the response."""
        return {"error": self.reason, "message": self.message, "status": self.status}


def as_problem(error: CnnlabError) -> Problem:
    """A failure with a name, as HTTP says it; what no caller can mend is a 500."""
    if isinstance(error, Problem):
        return error
    status = _STATUS.get(error.reason, 500)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    return Problem(status, error.reason, error.message, headers)


def wrong_address(
    status: int, method: str, path: str, headers: Mapping[str, str] | None = None
) -> Problem:
    """No such route, or not with this method."""
    reason, sentence = _WORDS.get(status, ("refused", "{method} {path} was refused."))
    return Problem(status, reason, sentence.format(method=method, path=path), headers)


def deleted(model_id: str) -> Problem:
    """A model that was here."""
    return Problem(
        410,
        "deleted-model",
        f"The run {model_id!r} was deleted meanwhile, and its network with it. Choose another one.",
    )


def internal_error() -> Problem:
    """Something unforeseen; the server's log has more."""
    return Problem(
        500,
        "internal-error",
        "The server failed in a way that was not foreseen. Its log says where; the request can be "
        "sent again.",
    )


def too_large(max_bytes: int) -> Problem:
    """A body beyond the cap."""
    return Problem(
        413,
        "too-large",
        f"A request may have {max_bytes:,} bytes. Send fewer or smaller pictures at a time.",
    )


def too_busy(count: int) -> Problem:
    """No place is free."""
    return Problem(
        503,
        "too-busy",
        f"{count} requests are at work or wait already. Try again in a moment.",
        {"Retry-After": str(RETRY_SECONDS)},
    )


def stood_still(seconds: float) -> Problem:
    """A body that does not come."""
    return Problem(
        408,
        "request-timeout",
        f"Nothing of the request's body has come for {seconds:g} s. Send it again.",
        {"Connection": "close"},
    )
