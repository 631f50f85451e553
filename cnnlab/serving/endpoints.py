"""What the REST server answers, in one table: routes, description and page come from it."""

from __future__ import annotations

from dataclasses import dataclass

REFUSALS = {
    400: "The request is malformed.",
    401: "A token is needed, or this one is wrong.",
    404: "There is no such model.",
    408: "The body has stood still for too long.",
    409: "The run has no finished network.",
    410: "The run was deleted meanwhile.",
    413: "The body is too large, or holds too many pictures.",
    415: "The body is of a type that is not read.",
    422: "None of the files could be read as a picture; the answer says why.",
    500: "The server failed; the sentence or its log says why.",
    503: "Too many requests are at work, or the store is locked; Retry-After says when to return.",
    507: "The server's disk is full.",
}
"""What each status but 200 means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address.

    Attributes:
        name: Of the route.
        path: With a model's id as "{id}".
        answer: The schema of what it gives, or "html".
        statuses: What else than 200 it may answer.
    """

    name: str
    method: str
    path: str
    summary: str
    answer: str
    statuses: tuple[int, ...] = ()

    @property
    def guarded(self) -> bool:
        """Whether it needs the token, where the server has one."""
        return 401 in self.statuses


ENDPOINTS = (
    Endpoint(name="home", method="GET", path="/", summary="This list, for people", answer="html"),
    Endpoint(
        name="health",
        method="GET",
        path="/health",
        summary="Whether the server is alive; needs no token",
        answer="Health",
    ),
    Endpoint(
        name="openapi",
        method="GET",
        path="/openapi.json",
        summary="This interface as an OpenAPI 3.1 document",
        answer="Document",
    ),
    Endpoint(
        name="models",
        method="GET",
        path="/v1/models",
        summary="The models, newest first",
        answer="Models",
        statuses=(401, 500, 503),
    ),
    Endpoint(
        name="model",
        method="GET",
        path="/v1/models/{id}",
        summary="One model; its id may be latest",
        answer="Model",
        statuses=(401, 404, 409, 410, 500, 503),
    ),
    Endpoint(
        name="predict",
        method="POST",
        path="/v1/models/{id}/predict",
        summary="Classify one picture or many",
        answer="Predictions",
        statuses=(400, 401, 404, 408, 409, 410, 413, 415, 422, 500, 503, 507),
    ),
)
