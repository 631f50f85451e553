"""The REST interface as an OpenAPI 3.1 document."""

from __future__ import annotations

from typing import Any

import cnnlab
from cnnlab.serving.endpoints import ENDPOINTS, REFUSALS, Endpoint
from cnnlab.serving.forms import FIELD
from cnnlab.serving.models import LATEST
from cnnlab.serving.schemas import SCHEMAS, ref
from cnnlab.serving.settings import MOST_FILES, ServeSettings
from cnnlab.serving.uploads import FORM, RAW

_SCHEME = "token"


def openapi_document(settings: ServeSettings) -> dict[str, Any]:
    """The document of a server with these settings."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        operation = _operation(endpoint, settings)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "cnnlab",
            "version": cnnlab.__version__,
            "summary": "Photos in, class probabilities out.",
            "description": "Every error is JSON: its reason, a sentence, and the status. Other "
            "addresses are answered with 404, other methods with 405.",
        },
        "paths": paths,
        "components": {"schemas": SCHEMAS},
    }
    if settings.token is not None:
        document["components"]["securitySchemes"] = {_SCHEME: {"type": "http", "scheme": "bearer"}}
    return document


def _operation(endpoint: Endpoint, settings: ServeSettings) -> dict[str, Any]:
    responses = {"200": _response("The answer.", endpoint.answer)}
    for status in endpoint.statuses:
        if status != 401 or settings.token is not None:
            name = "NothingReadable" if status == 422 else "Problem"
            responses[str(status)] = _response(REFUSALS[status], name)
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": responses,
    }
    if endpoint.method == "POST":
        operation["requestBody"] = _request_body(settings)
    if endpoint.guarded and settings.token is not None:
        operation["security"] = [{_SCHEME: []}]
    return operation


def _response(description: str, answer: str) -> dict[str, Any]:
    content = (
        {"text/html": {"schema": {"type": "string"}}}
        if answer == "html"
        else {"application/json": {"schema": ref(answer)}}
    )
    return {"description": description, "content": content}


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in endpoint.path:
        found.append(
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": f"A model's id, or {LATEST} for the newest.",
                "schema": {"type": "string"},
            }
        )
    if endpoint.method == "POST":
        found += [
            {
                "name": "top",
                "in": "query",
                "description": "Only the most probable classes, so many, the first one first.",
                "schema": {"type": "integer", "minimum": 1},
            },
            {
                "name": "name",
                "in": "query",
                "description": "What a picture is called that is the whole body.",
                "schema": {"type": "string"},
            },
        ]
    return found


def _request_body(settings: ServeSettings) -> dict[str, Any]:
    files = {"type": "array", "maxItems": MOST_FILES, "items": {"type": "string"}}
    form = {"type": "object", "required": [FIELD], "properties": {FIELD: files}}
    return {
        "required": True,
        "description": f"Files in fields called {FIELD!r}, {MOST_FILES} at most, or one picture as "
        f"the body; {settings.max_bytes:,} bytes together.",
        "content": {FORM: {"schema": form}} | {kind: {} for kind in RAW},
    }
